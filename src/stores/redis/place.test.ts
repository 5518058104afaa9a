import { describe, expect, test } from "vitest";
import { SluiceError } from "../../core/errors.ts";
import { placeOf } from "./place.ts";

const NOBODY = { username: undefined, password: undefined };

describe("a Redis URL", () => {
  test("names one server, an account and a database", () => {
    expect(placeOf("redis://sluice:p%40ss@cache:7001/3")).toEqual({
      servers: { kind: "single", node: { host: "cache", port: 7001 } },
      account: { username: "sluice", password: "p@ss" },
      db: 3,
      tls: null,
    });
    expect(placeOf("redis://:secret@cache").account).toEqual({ ...NOBODY, password: "secret" });
    expect(placeOf("redis://cache?db=2").db).toBe(2);
    expect(placeOf("redis://[::1]").servers).toEqual({
      kind: "single",
      node: { host: "::1", port: 6379 },
    });
  });

  test("asks for TLS, by the system's authorities or by its own", () => {
    const files = { ca: undefined, cert: undefined, key: undefined, servername: undefined };
    expect(placeOf("rediss://cache").tls).toEqual(files);
    expect(placeOf("rediss://10.0.0.1?ca=/etc/ca.pem&servername=cache").tls).toEqual({
      ...files,
      ca: "/etc/ca.pem",
      servername: "cache",
    });
  });

  test("names the nodes of a cluster", () => {
    expect(placeOf("redis://a?cluster&node=b:7002&node=[::1]:7003").servers).toEqual({
      kind: "cluster",
      nodes: [
        { host: "a", port: 6379 },
        { host: "b", port: 7002 },
        { host: "::1", port: 7003 },
      ],
    });
  });

  test("names Sentinels, with an account and TLS of their own", () => {
    const url = "rediss://a?sentinel=main&node=b:1&sentinel_password=a%2Bb&sentinel_tls=no";
    expect(placeOf(url).servers).toEqual({
      kind: "sentinel",
      nodes: [
        { host: "a", port: 26379 },
        { host: "b", port: 1 },
      ],
      master: "main",
      account: { ...NOBODY, password: "a+b" },
      isTls: false,
    });
  });

  test.each([
    ["http://cache", "scheme http:", "redis: rediss:"],
    ["cache", "is no URL", "redis://"],
    ["redis://cache/main", "db main", "a whole number from 0"],
    ["redis://cache?ca=/etc/ca.pem", "?ca, ?cert, ?key or ?servername", "with rediss://"],
    ["rediss://cache?cert=/etc/cert.pem", "?cert or ?key", "both of them"],
    ["redis://cache?insecure=1", "?insecure", "cluster, sentinel, node"],
    ["redis://cache?cluster&sentinel=main", "?cluster with ?sentinel", "one of them"],
    ["redis://cache?sentinel=", "an empty ?sentinel", "the master's name"],
    ["redis://cache?node=b:1", "?node", "with ?cluster or ?sentinel"],
    ["redis://cache?cluster&node=b:x", "node b:x", "host:port"],
    ["redis://cache/1?cluster", "db 1", "0 in a cluster"],
    ["redis://cache?sentinel=main&sentinel_tls=1", "?sentinel_tls=1", "yes or no"],
    ["redis://a%:b@cache", "% in user or password", "%25"],
  ])("%s is refused, saying what is allowed", (url, found, allowed) => {
    expect(() => placeOf(url)).toThrow(SluiceError);
    expect(() => placeOf(url)).toThrow(found);
    expect(() => placeOf(url)).toThrow(allowed);
  });

  test("that is refused does not tell its password", () => {
    for (const url of ["http://u:hunter2@cache", "redis://u:hunter2@cache/x", "u:hunter2@"]) {
      expect(() => placeOf(url)).toThrow(/^(?!.*hunter2)/);
    }
  });
});
