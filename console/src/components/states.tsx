import { Alert, Button, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconKey, IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/errors";
import { access } from "../api/session";
import { Mark } from "./logo";

export function Loading({ what }: { what: string }) {
  return (
    <Group p="xl" justify="center" role="status" gap="sm">
      <Loader size="sm" type="dots" />
      <Text c="dimmed">Loading {what} …</Text>
    </Group>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack align="center" ta="center" py={56} px="md" gap="xs">
      <Mark size={40} />
      <Title order={2} fz={22} mt="xs">
        {title}
      </Title>
      <Text c="dimmed" maw={480} component="div">
        {children}
      </Text>
      {action}
    </Stack>
  );
}

/** What went wrong, and what helps. */
export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { title, icon: Icon, fix } = explained(error);
  const isRefused = error instanceof ApiError && error.wantsKey;
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<Icon aria-hidden />}
      title={title}
      styles={{ title: { color: "var(--bad)" } }}
    >
      <Text size="sm" style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
        {error instanceof Error ? error.message : String(error)}
      </Text>
      {fix && (
        <Text size="sm" mt={6}>
          {fix}
        </Text>
      )}
      <Group mt={isRefused || retry ? "sm" : 0} gap="xs">
        {isRefused && (
          <Button size="xs" onClick={() => access.set("refused")}>
            Enter an API key
          </Button>
        )}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}

function explained(error: unknown) {
  if (!(error instanceof ApiError))
    return { title: "Something is wrong with this page", icon: IconAlertTriangle, fix: "" };
  if (error.isAway)
    return {
      title: "The server is away",
      icon: IconPlugConnectedX,
      fix: "This page tries again by itself. Start it with: connote serve",
    };
  if (error.wantsKey)
    return {
      title: "An API key is needed",
      icon: IconKey,
      fix: "It is one of those in CONNOTE_API_KEY or the configuration.",
    };
  return { title: `The server answered ${error.status}`, icon: IconAlertTriangle, fix: fixes(error) };
}

function fixes(error: ApiError): string {
  if ([401, 403].includes(error.status) && error.type === "status_exception")
    return "The service does not take the endpoint's key. Give it another one on the endpoints page.";
  if (error.status === 408) return "A model's first use loads it, which may take a while: try again.";
  if (error.status === 429) return "Too much is asked at once, or a budget is spent. Wait a moment.";
  return "";
}
