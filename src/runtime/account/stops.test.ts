import { describe, expect, test } from "vitest";
import { Stops } from "./stops.ts";

const SECOND = 1_000_000;
const at = (name: string, model: string | null = null) => ({ credential: { name }, model });

describe("stops", () => {
  test("for want of money hold for a credential, whatever the model", () => {
    const stops = new Stops();
    expect(stops.stop(at("prod", "gpt-5"), "billing", 0)).toBe(true);
    expect(stops.stopOf(at("prod", "embed"), SECOND)?.reason).toBe("billing");
    expect(stops.stopOf(at("dev", "gpt-5"), SECOND)).toBeNull();
  });

  test("for want of permission hold for the model", () => {
    const stops = new Stops();
    stops.stop(at("prod", "gpt-5"), "auth", 0);
    expect(stops.stopOf(at("prod", "gpt-5"), SECOND)?.reason).toBe("auth");
    expect(stops.stopOf(at("prod", "embed"), SECOND)).toBeNull();
  });

  test("let one request through a minute", () => {
    const stops = new Stops();
    stops.stop(at("prod"), "billing", 0);
    const went = Array.from({ length: 180 }, (_, second) => second + 1).filter((second) => {
      const mayGo = stops.stopOf(at("prod"), second * SECOND) === null;
      if (mayGo) stops.sent(at("prod"), second * SECOND);
      return mayGo;
    });
    expect(went).toEqual([60, 120, 180]);
  });

  test("are over once a request was served", () => {
    const stops = new Stops();
    stops.stop(at("prod"), "billing", 0);
    expect(stops.stop(at("prod"), "billing", 1)).toBe(false);
    expect(stops.served(at("prod"), 1)).toBe(true);
    expect(stops.served(at("prod"), 1)).toBe(false);
    expect(stops.stopOf(at("prod"), 2)).toBeNull();
    expect(stops.all).toEqual([]);
  });

  test("follow a forbidden call, unless the model was served with the credential within a minute", () => {
    const stops = new Stops();
    const target = at("prod", "gpt-5");
    expect(stops.isForbidden(target, 0)).toBe(true);
    stops.served(target, 0);
    expect(stops.isForbidden(target, 60 * SECOND)).toBe(false);
    expect(stops.isForbidden(target, 60 * SECOND + 1)).toBe(true);
    expect(stops.isForbidden({ ...target, model: "embed" }, 0)).toBe(true);
  });

  test("never follow a forbidden call that names no model: it is its path's affair", () => {
    expect(new Stops().isForbidden(at("prod"), 0)).toBe(false);
  });
});
