import { Box, Button, Divider, Drawer, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { call, part } from "../api/client";
import { client, endpointQuery, servicesQuery } from "../api/queries";
import type { Endpoint } from "../api/types";
import { Copy } from "../components/copy";
import { spoken } from "../components/format";
import { Json } from "../components/json";
import { Sparkline } from "../components/sparkline";
import { Failure, Loading } from "../components/states";
import { Refusal } from "./add";
import { refused } from "./draft";
import { FieldControl } from "./fields";
import { figures } from "./figures";
import { changes, current, type Field, fields, problems, type Values } from "./form";
import type { Row } from "./rows";
import { StateMark, WhereItRuns } from "./table";

// The focus begins there, and not at what would be pressed by mistake.
const CLOSE = { "aria-label": "Close", "data-autofocus": true };

/** One endpoint: how it does, what it is, and what of it can be changed. */
export function EndpointDetail({ id, row, close }: { id: string | null; row: Row | undefined; close: () => void }) {
  return (
    <Drawer
      opened={id !== null}
      onClose={close}
      position="right"
      size="lg"
      closeButtonProps={CLOSE}
      title={
        <Group gap={6} wrap="nowrap">
          <Text className="mono" fw={600} fz={17} style={{ overflowWrap: "anywhere" }}>
            {id}
          </Text>
          {id && <Copy value={id} what="the endpoint id" />}
        </Group>
      }
    >
      {id && <Detail key={id} id={id} row={row} />}
    </Drawer>
  );
}

function Detail({ id, row }: { id: string; row: Row | undefined }) {
  const endpoint = useQuery(endpointQuery(id));
  const [, go] = useLocation();
  return (
    <Stack>
      {row && <Facts row={row} />}
      {row && row.requests > 0 && <Hour row={row} />}
      {endpoint.isPending && <Loading what="the endpoint" />}
      {endpoint.error && <Failure error={endpoint.error} retry={endpoint.refetch} />}
      {endpoint.data && (
        <>
          <Button
            variant="light"
            leftSection={<IconTerminal2 size={16} aria-hidden />}
            onClick={() => go(`/devtools?try=${part(id)}&task=${endpoint.data.task_type}`)}
            style={{ alignSelf: "flex-start" }}
          >
            Try in Dev Tools
          </Button>
          {!row?.preconfigured && <Edit endpoint={endpoint.data} />}
          <Divider label="Settings as the API gives them" labelPosition="left" />
          <Json value={endpoint.data} label="Settings" />
        </>
      )}
    </Stack>
  );
}

function Facts({ row }: { row: Row }) {
  const facts: [string, React.ReactNode][] = [
    ["Task type", spoken(row.task)],
    ["Model", row.model],
    ["Service", row.service],
    ["Runs on", <WhereItRuns key="place" place={row.place} />],
    ["State", <StateMark key="state" state={row.state} row={row} />],
  ];
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" component="dl" m={0}>
      {facts.map(([name, value]) => (
        <Box key={name}>
          <Text size="xs" c="dimmed" component="dt">
            {name}
          </Text>
          <Text size="sm" component="dd" m={0} style={{ overflowWrap: "anywhere" }}>
            {value}
          </Text>
        </Box>
      ))}
    </SimpleGrid>
  );
}

function Hour({ row }: { row: Row }) {
  return (
    <Box className="card" p="md">
      <Text size="xs" c="dimmed" mb={8}>
        The last hour
      </Text>
      <SimpleGrid cols={{ base: 2, xs: 3 }} spacing="md">
        {figures(row).map((figure) => (
          <Box key={figure.name}>
            <Text className="number" fw={600} fz={18} lh={1.2}>
              {figure.value}
            </Text>
            <Text size="xs" c="dimmed">
              {figure.name}
            </Text>
            <Sparkline
              width={130}
              height={32}
              values={figure.values}
              color={figure.color}
              label={`${figure.name}, minute by minute`}
            />
          </Box>
        ))}
      </SimpleGrid>
    </Box>
  );
}

function Edit({ endpoint }: { endpoint: Endpoint }) {
  const services = useQuery(servicesQuery);
  const service = services.data?.find((each) => each.service === endpoint.service);
  const all: Field[] = fields(service, endpoint.task_type)
    .filter((field) => field.updatable)
    .map((field) => ({ ...field, required: false }));
  const [saves, setSaves] = useState(0);
  if (all.length === 0) return null;
  // After each save the form begins anew, so that no secret stays in it.
  const key = `${saves} ${JSON.stringify(endpoint)}`;
  return <EditForm key={key} endpoint={endpoint} all={all} isSaved={saves > 0} saved={() => setSaves(saves + 1)} />;
}

interface EditProperties {
  endpoint: Endpoint;
  all: Field[];
  isSaved: boolean;
  saved: () => void;
}

function EditForm({ endpoint, all, isSaved, saved }: EditProperties) {
  const began = current(all, endpoint);
  const [values, setValues] = useState<Values>(began);
  const wrong = problems(all, values);
  const changed = all.filter(
    (field) => JSON.stringify(values[field.name] ?? "") !== JSON.stringify(began[field.name] ?? ""),
  );
  const update = useMutation({
    mutationFn: () =>
      call("PUT", `_inference/${endpoint.task_type}/${part(endpoint.inference_id)}/_update`, changes(changed, values)),
    onSuccess: () => {
      saved();
      return client.invalidateQueries();
    },
  });
  const told = refused(update.error, all);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(wrong).length === 0) update.mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Divider label="What can be changed" labelPosition="left" mb="sm" />
      <Stack gap="sm">
        {all.map((field) => (
          <FieldControl
            key={field.name}
            field={field}
            value={values[field.name]}
            error={wrong[field.name] ?? told.byField[field.name]}
            placeholder={field.sensitive ? "Unchanged" : undefined}
            change={(value) => {
              update.reset();
              setValues((before) => ({ ...before, [field.name]: value }));
            }}
          />
        ))}
        <Refusal reason={told.rest} />
        <Group justify="flex-end">
          {isSaved && changed.length === 0 && (
            <Text size="sm" c="var(--good)" role="status">
              Saved
            </Text>
          )}
          <Button type="submit" disabled={changed.length === 0} loading={update.isPending}>
            Save changes
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
