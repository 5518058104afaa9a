/** Candidate planner: what it takes to send one request to one upstream and model. */
import { Readable } from "node:stream";
import type { Config, UpstreamConfig } from "../../config/config.ts";
import type { Demand } from "../../core/demand.ts";
import type { CallEnd, Forecast, JsonObject, Operation, RequestView } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Price } from "../../core/quota/price.ts";
import type { RetryBudget } from "../../core/retry/retry-budget.ts";
import type { Task } from "../../core/task.ts";
import type { OutputKind } from "../../tokens/output-predictor.ts";
import type { Account } from "../account/account.ts";
import type { Answer } from "../call/answer.ts";
import type { Candidate } from "../call/call-plan.ts";
import { InputForecast, type InputQuestion } from "../forecast/input-forecast.ts";
import { OutputForecast } from "../forecast/output-forecast.ts";
import { UnitForecast } from "../forecast/unit-forecast.ts";
import type { TenantRecord } from "../policy/tenant-directory.ts";
import { lacksUsage, outboundBody } from "../request/body.ts";
import { CREDENTIAL_HEADERS, headerText, outboundHeaders } from "../request/headers.ts";
import type { ShadowPass } from "../shadow/shadow-pass.ts";
import { withMoney } from "../tenants/call-price.ts";
import type { Tenancy } from "../tenants/tenancy.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { RuntimeRequest } from "./runtime-request.ts";

/** A request as it goes to one upstream: renamed, or translated into its format. */
export interface CandidateRequest extends RuntimeRequest {
  readonly adapt?: (answer: Answer) => Answer;
  readonly isSmaller: boolean;
}

export interface PlannedCandidate extends Candidate {
  readonly operation: Operation;
}

export interface CandidateMeans {
  config(): Config;
  /** What asks in the account's stead while nothing is to be held back; null: the account itself. */
  shadowOf(upstream: Upstream, account: Account, tenant: TenantRecord): ShadowPass | null;
  retryBudgetOf(upstream: Upstream): RetryBudget;
  readonly tenancy: Tenancy;
  /** What a call has used in the end, told to the tenant's ledger. */
  usedBy(tenant: TenantRecord, forecast: Forecast, price: Price | null): (end: CallEnd) => Demand;
}

export class CandidatePlanner {
  readonly #means: CandidateMeans;
  readonly #inputs = new InputForecast();
  readonly #outputs = new OutputForecast();
  readonly #units = new UnitForecast();

  constructor(means: CandidateMeans) {
    this.#means = means;
  }

  /** @throws SluiceError when the tenant may not use this upstream, or the request cannot go there. */
  plan(request: CandidateRequest, task: Task): PlannedCandidate {
    const { upstream, tenant, model } = request;
    const credential = upstream.credentialFor(tenant);
    const authorizer = upstream.authorizerFor(credential);
    if (authorizer?.signsBody && request.bytes instanceof Readable) throw streamsUnsigned(upstream);
    const address = upstream.addressOf(request.path, credential, request.clientCredential);
    const view = viewOf(request, address.pathname);
    const operation = operationOf(request, view);
    const addsUsage =
      request.body !== null && asksForUsage(upstream, address.pathname, request.body);
    const account = upstream.accountFor(request.clientCredential);
    const inBody = operation.isModelInPath ? undefined : model?.sent;
    const target = { model: inBody ?? operation.model, credential };
    const shadow = this.#means.shadowOf(upstream, account, tenant);
    const kind = { tenant: tenant.id, taskType: task.type, model: target.model ?? "" };
    const asked = { dialect: upstream.dialect, request: view, operation };
    const meters = () => [...account.pathFor(target).meters, ...tenant.meters];
    const input = this.#inputs.ask(upstream.name, kind.model);
    const inTokens = this.#outputs.forecast({
      ...asked,
      kind,
      meters: meters(),
      correctInput: input.correct,
    });
    const units = this.#units.planFor({ ...asked, upstream: upstream.name, meters });
    const inUnits = units === null ? inTokens : units.foresee(inTokens);
    const { tenancy } = this.#means;
    const price = tenancy.priceOf(upstream.name, target.model);
    const question = { tenant, upstream, model: target.model, price };
    const forecast = withMoney(inUnits, tenancy, question);
    return {
      upstream: upstream.name,
      dialect: upstream.dialect,
      account,
      shadow,
      target,
      isSmaller: request.isSmaller,
      operation,
      forecast,
      units,
      onSettled: this.#listenerFor(
        this.#outputs.learnsFrom(asked) ? kind : null,
        forecast,
        input,
        shadow,
        this.#means.usedBy(tenant, forecast, price),
      ),
      outbound: {
        method: request.method,
        origin: address.origin,
        path: address.path,
        headers: headersFor(request, credential),
        body: bytesFor(request, addsUsage),
        firstByteMs: this.#means.config().server.timeouts.firstByteMs,
      },
      authorizer,
      ownsCredential: credential !== null,
      hidesUsageEvent: addsUsage,
      isRepeatable: isRepeatable(request, operation.retrySafe, upstream.config),
      retryBudget: this.#means.retryBudgetOf(upstream),
      adapt: request.adapt,
    };
  }

  /** Made apart from the plan, so that it keeps nothing of the request alive. */
  #listenerFor(
    kind: OutputKind | null,
    forecast: Forecast,
    input: InputQuestion,
    shadow: ShadowPass | null,
    use: (end: CallEnd) => Demand,
  ) {
    return (end: CallEnd) => {
      input.learn(end);
      if (kind !== null) this.#outputs.learn(kind, forecast, end);
      shadow?.ended(end);
      return use(end);
    };
  }
}

/** Whoever hands us requests reads their bodies first, where the upstream says so. */
function streamsUnsigned({ name }: Upstream): SluiceError {
  return new SluiceError("unsupported", `${name} signs whole bodies: they cannot be streamed`);
}

/** A model that only the base URL names is the operator's word, and a client's is more exact. */
function operationOf({ upstream, path }: CandidateRequest, view: RequestView): Operation {
  const operation = upstream.dialect.operation(view);
  if (!operation.isModelInPath) return operation;
  const below = upstream.dialect.operation({ ...view, path: path.split("?")[0] });
  return { ...operation, isModelInPath: below.isModelInPath ?? false };
}

const ALL_CREDENTIALS: ReadonlySet<string> = new Set(CREDENTIAL_HEADERS);

function headersFor(
  request: CandidateRequest,
  credential: ReturnType<Upstream["credentialFor"]>,
): Record<string, string | string[]> {
  const withheld = credential === null ? request.ownHeaders : ALL_CREDENTIALS;
  return outboundHeaders(request.headers, {
    withheld,
    added: request.upstream.addedHeaders(credential),
    isRead: request.body !== null,
    keepsLength: request.bytes instanceof Readable,
  });
}

function viewOf({ method, headers, body, bytes }: CandidateRequest, pathname: string): RequestView {
  const bodyBytes = typeof bytes === "string" || bytes instanceof Uint8Array ? bytes.length : 0;
  return { method, path: pathname, headers, body, bodyBytes };
}

function asksForUsage(upstream: Upstream, pathname: string, body: JsonObject): boolean {
  return upstream.dialect.streamsUsageOnRequest && lacksUsage(pathname, body);
}

function bytesFor(request: CandidateRequest, addsUsage: boolean): RuntimeRequest["bytes"] {
  const { bytes, body, model } = request;
  if (body === null || !(typeof bytes === "string" || bytes instanceof Uint8Array)) return bytes;
  const renamed = model !== null && model.sent !== model.asked ? model.sent : null;
  return outboundBody(bytes, body, { model: renamed, addsUsage });
}

const REPEATABLE_METHODS = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

function isRepeatable(
  { method, headers }: CandidateRequest,
  isSafe: boolean,
  { retryUnsafe }: UpstreamConfig,
): boolean {
  const hasKey = headerText(headers, "idempotency-key") !== undefined;
  return isSafe || retryUnsafe || hasKey || REPEATABLE_METHODS.has(method);
}
