import { Alert, Button, Collapse, Drawer, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { servicesQuery } from "../api/queries";
import type { Service } from "../api/types";
import { spoken } from "../components/format";
import { Failure, Loading } from "../components/states";
import { isFirst, useDraft } from "./draft";
import { FieldControl } from "./fields";
import type { Field } from "./form";

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
  const draft = useDraft(services, close);
  const { service, task, fields } = draft;
  const control = (field: Field) => (
    <FieldControl
      key={field.name}
      field={field}
      value={draft.values[field.name]}
      error={draft.errorAt(field)}
      change={(value) => draft.setValue(field.name, value)}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        draft.submit();
      }}
      noValidate
    >
      <Stack>
        <Select
          label="Service"
          description="This machine's own models, or a third party."
          data={services.map((each) => ({ value: each.service, label: each.name }))}
          value={service?.service ?? null}
          onChange={draft.setService}
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
            onChange={draft.setTask}
            withAsterisk
          />
        )}
        {service && task && (
          <>
            <TextInput
              label="Endpoint id"
              description="The name that requests ask for."
              value={draft.id}
              onChange={(event) => draft.setId(event.currentTarget.value)}
              error={draft.idError}
              spellCheck={false}
              withAsterisk
            />
            {fields.filter(isFirst).map(control)}
            <Optional>{fields.filter((field) => !isFirst(field)).map(control)}</Optional>
            <Refusal reason={draft.refusal} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={draft.isSaving}>
                Add endpoint
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </form>
  );
}

/** What the server said against it, if that is about no field. */
export function Refusal({ reason }: { reason: string }) {
  if (!reason) return null;
  return (
    <Alert role="alert" color="red" variant="light" title="The server refused it">
      <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {reason}
      </Text>
    </Alert>
  );
}

function Optional({ children }: { children: ReactNode[] }) {
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
