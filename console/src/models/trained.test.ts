import { expect, test } from "vitest";
import { running, trainedName } from "./trained";

const endpoints = [".elser-2-elastic"];
const diagnostics = {
  ".elser-2-elastic": {
    state: "started",
    model_id: "splade",
    device: "cpu",
    precision: "float32",
    allocations: 2,
    waiting: 1,
  },
  mine: { state: "started", model_id: "mine", device: "cpu", allocations: 1 },
};

test("deployments of endpoints and of trained models are one list, and only the latter can be stopped", () => {
  const stats = [
    {
      model_id: "mine",
      deployment_stats: {
        deployment_id: "mine",
        model_id: "mine",
        state: "started",
        inference_count: 7,
        allocation_status: { allocation_count: 2, target_allocation_count: 2, state: "started" },
      },
    },
    {
      model_id: "splade",
      deployment_stats: { deployment_id: ".elser-2-elastic", model_id: ".elser_model_2", state: "started" },
    },
    { model_id: "idle" },
  ];
  expect(running(diagnostics, stats, new Set(endpoints))).toMatchObject([
    { id: ".elser-2-elastic", workers: 2, waiting: 1, where: "cpu, float32", isOwn: false },
    { id: "mine", workers: 2, wished: 2, answered: 7, where: "cpu", isOwn: true },
  ]);
  expect(running(diagnostics, null, new Set(endpoints)).map((each) => each.isOwn)).toEqual([false, false]);
});

test("a model is asked for by a name without a slash", () => {
  const model = { id: "a/b", aliases: ["x/y", ".elser_model_2"] } as Parameters<typeof trainedName>[0];
  expect(trainedName(model)).toBe(".elser_model_2");
  expect(trainedName({ ...model, aliases: [] })).toBeNull();
});
