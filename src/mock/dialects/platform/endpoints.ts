/** Endpoints: a platform's paths as a table of method, template and what a request there is. */
import type { Body, Call } from "../../answer/call.ts";
import type { Route, Target } from "../../dialect.ts";
import type { Failure } from "../../failure.ts";
import { decode } from "../openai/routes.ts";

export interface Asked {
  readonly body: Body;
  /** What stands in the template's places, in order. */
  readonly places: readonly string[];
  readonly query: URLSearchParams;
}

export interface Endpoint {
  /** `POST /crm/v3/objects/{type}`; a place holds no slash and no colon. */
  readonly at: string;
  /** As in {@link Route}; absent: an object, but nothing where the method has none. */
  readonly body?: "optional" | "any";
  read(asked: Asked): Call | Failure;
}

export type FindRoute = (target: Target) => Route;

/** The first that matches is taken. */
export function routesOf(endpoints: readonly Endpoint[]): FindRoute {
  const compiled = endpoints.map((endpoint) => {
    const [method, path] = endpoint.at.split(" ");
    return { endpoint, method, path, pattern: patternOf(path) };
  });
  return ({ method, path, query }) => {
    const there = compiled.filter(({ pattern }) => pattern.test(path));
    const found = there.find((one) => one.method === method);
    if (found === undefined) {
      return there.length === 0
        ? { kind: "unknown-path" }
        : { kind: "wrong-method", path: there[0].path };
    }
    const { endpoint, pattern, path: name } = found;
    const places = (pattern.exec(path) ?? []).slice(1).map(decode);
    const usual = method === "GET" || method === "DELETE" ? "optional" : "json";
    const read = (body: Body) => endpoint.read({ body, places, query });
    return { kind: "call", path: name, body: endpoint.body ?? usual, read };
  };
}

function patternOf(template: string): RegExp {
  const parts = template.split(/\{\w+\}/).map((part) => part.replace(/[.+?^$()[\]|\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("([^/:]+)")}/?$`);
}
