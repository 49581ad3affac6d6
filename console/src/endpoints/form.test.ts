import { describe, expect, test } from "vitest";
import { ApiError } from "../api/errors";
import type { Service } from "../api/types";
import { changes, current, fields, idProblem, problem, settings, sortedError } from "./form";

const base = { description: ".", sensitive: false, updatable: true, supported_task_types: ["rerank"], required: false };
const service: Service = {
  service: "openai",
  name: "OpenAI",
  task_types: ["rerank", "completion"],
  configurations: {
    "rate_limit.requests_per_minute": { ...base, label: "Rate", type: "int", scope: "service_settings" },
    api_key: { ...base, label: "API key", type: "str", scope: "service_settings", sensitive: true, required: true },
    headers: { ...base, label: "Headers", type: "map", scope: "task_settings" },
    other: { ...base, label: "Other", type: "str", scope: "service_settings", supported_task_types: ["completion"] },
  },
};
const all = fields(service, "rerank");
const field = (name: string) => all.find((each) => each.name === name)!;

test("a form has the fields of its task, those required first", () => {
  expect(all.map((each) => each.name)).toEqual(["api_key", "rate_limit.requests_per_minute", "headers"]);
});

test("values become settings of their types and places, and empty ones are left out", () => {
  const values = { api_key: "k", "rate_limit.requests_per_minute": "20", headers: '{"a": "b"}' };
  expect(settings(all, values)).toEqual({
    service_settings: { api_key: "k", rate_limit: { requests_per_minute: 20 } },
    task_settings: { headers: { a: "b" } },
  });
  expect(settings(all, { api_key: "k", headers: "" })).toEqual({ service_settings: { api_key: "k" } });
});

test("a value that was cleared is taken away", () => {
  const values = { api_key: "", "rate_limit.requests_per_minute": "", headers: '{"a": "b"}' };
  expect(changes([field("rate_limit.requests_per_minute"), field("headers")], values)).toEqual({
    service_settings: { rate_limit: null },
    task_settings: { headers: { a: "b" } },
  });
});

test("what is typed is checked as it is typed", () => {
  expect(problem(field("api_key"), "")).toBe("API key is required");
  expect(problem(field("rate_limit.requests_per_minute"), "1.5")).toMatch(/whole number/);
  expect(problem(field("headers"), "[1]")).toMatch(/JSON object/);
  expect(problem(field("headers"), '{"a": 1}')).toBeNull();
  expect(idProblem("My endpoint")).toMatch(/lower-case/);
  expect(idProblem("my-endpoint")).toBeNull();
});

test("an endpoint's settings fill the form again, but for its secrets", () => {
  const endpoint = { service_settings: { api_key: "k", rate_limit: { requests_per_minute: 20 } } };
  expect(current(all, endpoint)).toEqual({ "rate_limit.requests_per_minute": "20" });
});

describe("the server's error", () => {
  const error = (reason: string) => sortedError(new ApiError(400, "validation_exception", reason), all);

  test("stands at the fields that it names", () => {
    const told = error(
      "Validation Failed: 1: [service_settings] does not contain the required setting [api_key];2: [service_settings] Invalid value [0]. [requests_per_minute] must be a positive integer;",
    );
    expect(told.byField.api_key).toMatch(/required setting/);
    expect(told.byField["rate_limit.requests_per_minute"]).toMatch(/positive/);
    expect(told.rest).toBe("");
  });

  test("stands below the form if it names none", () => {
    expect(error("the service says no")).toEqual({ byField: {}, rest: "the service says no" });
  });
});
