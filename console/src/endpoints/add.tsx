import { Alert, Button, Collapse, Drawer, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call, part } from "../api/client";
import { ApiError } from "../api/errors";
import { client, servicesQuery } from "../api/queries";
import type { Service } from "../api/types";
import { spoken } from "../components/format";
import { Failure, Loading } from "../components/states";
import { FieldControl } from "./fields";
import {
  type Field,
  fields,
  idProblem,
  type Problems,
  problem,
  problems,
  settings,
  sortedError,
  type Values,
} from "./form";

/** Makes a new endpoint: choose a service and a task, and fill in what these ask for. */
export function AddEndpoint({ opened, close }: { opened: boolean; close: () => void }) {
  const services = useQuery({ ...servicesQuery, enabled: opened });
  return (
    <Drawer opened={opened} onClose={close} position="right" size="lg" title="Add an inference endpoint">
      {services.isPending && <Loading what="services" />}
      {services.error && <Failure error={services.error} retry={services.refetch} />}
      {services.data && <AddForm services={services.data} close={close} />}
    </Drawer>
  );
}

function AddForm({ services, close }: { services: Service[]; close: () => void }) {
  const [name, setName] = useState<string | null>(null);
  const [task, setTask] = useState<string | null>(null);
  const [id, setId] = useState("");
  const [values, setValues] = useState<Values>({});
  const [touched, setTouched] = useState<Record<string, boolean>>({});
  const [told, setTold] = useState<{ byField: Problems; rest: string }>({ byField: {}, rest: "" });
  const service = services.find((each) => each.service === name);
  const all = fields(service, task);
  const create = useMutation({
    mutationFn: () =>
      call("PUT", `_inference/${task}/${part(id)}`, { service: name, service_settings: {}, ...settings(all, values) }),
    onSuccess: () => {
      void client.invalidateQueries();
      close();
    },
    onError: (error) =>
      setTold(
        error instanceof ApiError
          ? sortedError(error, [...all, { name: "inference_id" }])
          : { byField: {}, rest: `${error}` },
      ),
  });
  const wrong = problems(all, values);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTouched(Object.fromEntries([...all.map((field) => [field.name, true]), ["id", true]]));
    if (Object.keys(wrong).length === 0 && !idProblem(id)) create.mutate();
  };
  const choose = (chosen: string | null) => {
    const found = services.find((each) => each.service === chosen);
    setName(chosen);
    setTask(found?.task_types.length === 1 ? found.task_types[0]! : null);
    setValues({});
    setTouched({});
  };
  const control = (field: Field) => (
    <FieldControl
      key={field.name}
      field={field}
      value={values[field.name]}
      error={
        told.byField[field.name] ??
        (touched[field.name] ? (problem(field, values[field.name]) ?? undefined) : undefined)
      }
      change={(value) => {
        setValues((before) => ({ ...before, [field.name]: value }));
        setTouched((before) => ({ ...before, [field.name]: true }));
        setTold((before) => ({ byField: { ...before.byField, [field.name]: "" }, rest: "" }));
      }}
    />
  );
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Select
          label="Service"
          description="This machine's own models, or a third party."
          data={services.map((each) => ({ value: each.service, label: each.name }))}
          value={name}
          onChange={choose}
          searchable
          nothingFoundMessage="No such service"
          data-autofocus
          withAsterisk
        />
        {service && (
          <Select
            label="Task type"
            data={service.task_types.map((value) => ({ value, label: spoken(value) }))}
            value={task}
            onChange={setTask}
            withAsterisk
          />
        )}
        {service && task && (
          <>
            <TextInput
              label="Endpoint id"
              description="The name that requests ask for."
              value={id}
              onChange={(event) => {
                setId(event.currentTarget.value);
                setTouched((before) => ({ ...before, id: true }));
                setTold((before) => ({ byField: { ...before.byField, inference_id: "" }, rest: "" }));
              }}
              error={told.byField.inference_id || (touched.id ? idProblem(id) : null)}
              spellCheck={false}
              withAsterisk
            />
            {all.filter((field) => field.required).map(control)}
            <Optional>{all.filter((field) => !field.required).map(control)}</Optional>
            {told.rest && (
              <Alert role="alert" color="red" variant="light" title="The server refused it">
                <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
                  {told.rest}
                </Text>
              </Alert>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={create.isPending}>
                Add endpoint
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </form>
  );
}

function Optional({ children }: { children: React.ReactNode[] }) {
  const [opened, { toggle }] = useDisclosure();
  if (children.length === 0) return null;
  return (
    <>
      <Button variant="subtle" size="xs" onClick={toggle} aria-expanded={opened} style={{ alignSelf: "flex-start" }}>
        {opened ? "Fewer settings" : `${children.length} more settings`}
      </Button>
      <Collapse expanded={opened}>
        <Stack>{children}</Stack>
      </Collapse>
    </>
  );
}
