import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, part } from "../api/client";
import { ApiError } from "../api/errors";
import { client, modelsQuery } from "../api/queries";
import type { Service } from "../api/types";
import { trainedName } from "../models/trained";
import { type Field, fields, idProblem, problem, problems, settings, sortedError, type Values } from "./form";

const ID = "inference_id";
// What must be said of this machine's own models, and is nearly always the same.
const USUAL: Values = { num_threads: "1", num_allocations: "1" };

/** An endpoint that is being made: what was typed, what is wrong with it, and how it is sent. */
export function useDraft(services: Service[], done: () => void) {
  const [name, setName] = useState<string | null>(null);
  const [task, setTask] = useState<string | null>(null);
  const [id, setId] = useState("");
  const [values, setValues] = useState<Values>({});
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [corrected, setCorrected] = useState<ReadonlySet<string>>(new Set());
  const service = services.find((each) => each.service === name);
  const models = useLocalModels(task);
  const all = fields(service, task).map((field) =>
    field.name === "model_id" && service?.service.startsWith("elastic") ? { ...field, suggested: models } : field,
  );
  const create = useMutation({
    mutationFn: () =>
      call("PUT", `_inference/${task}/${part(id)}`, { service: name, service_settings: {}, ...settings(all, values) }),
    onSuccess: () => {
      void client.invalidateQueries();
      done();
    },
  });
  const told = refused(create.error, [...all, { name: ID }]);
  const change = (field: string) => {
    setTouched((before) => new Set(before).add(field));
    setCorrected((before) => new Set(before).add(field));
  };
  const serverError = (field: string) => (corrected.has(field) ? undefined : told.byField[field]);
  return {
    service,
    task,
    id,
    values,
    fields: all,
    isSaving: create.isPending,
    refusal: told.rest,
    idError: serverError(ID) ?? (touched.has(ID) ? idProblem(id) : null),
    errorAt: (field: Field) =>
      serverError(field.name) ??
      (touched.has(field.name) ? (problem(field, values[field.name]) ?? undefined) : undefined),
    setTask,
    setService: (chosen: string | null) => {
      const tasks = services.find((each) => each.service === chosen)?.task_types ?? [];
      setName(chosen);
      setTask(tasks.length === 1 ? tasks[0]! : null);
      const known = services.find((each) => each.service === chosen)?.configurations ?? {};
      setValues(Object.fromEntries(Object.entries(USUAL).filter(([setting]) => setting in known)));
      setTouched(new Set());
      create.reset();
    },
    setId: (value: string) => {
      setId(value);
      change(ID);
    },
    setValue: (field: string, value: Values[string]) => {
      setValues((before) => ({ ...before, [field]: value }));
      change(field);
    },
    submit: () => {
      setTouched(new Set([ID, ...all.map((field) => field.name)]));
      setCorrected(new Set());
      if (Object.keys(problems(all, values)).length === 0 && !idProblem(id)) create.mutate();
    },
  };
}

/** Whether a setting belongs before everybody's eyes. */
export const isFirst = (field: Field) => field.required || field.name in USUAL || field.suggested !== undefined;

/** The models of this machine for a task, by the names that endpoints take. */
function useLocalModels(task: string | null): string[] {
  const { data } = useQuery(modelsQuery);
  return (data?.models ?? []).filter((each) => each.task_type === task).map((each) => trainedName(each) ?? each.id);
}

/** An error, sorted by field. */
export function refused(error: Error | null, all: { name: string }[]) {
  if (error instanceof ApiError) return sortedError(error, all);
  return { byField: {}, rest: error?.message ?? "" };
}
