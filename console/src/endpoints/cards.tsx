import { Box, Group, Stack, Text } from "@mantine/core";
import { Figures } from "./figures";
import { RowMenu } from "./menu";
import type { Row } from "./rows";
import { Groups, Named, type Properties, StateMark, WhereItRuns } from "./table";

/** The endpoints where there is no room for a table: one below the other. */
export function EndpointCards({ groups, show, remove }: Pick<Properties, "groups" | "show" | "remove">) {
  return groups.map(([heading, rows]) => (
    <Box key={heading}>
      {heading && (
        <Box bg="var(--sunken)" px="md" py={8}>
          <Groups heading={heading} count={rows.length} />
        </Box>
      )}
      <Box component="ul" m={0} p={0} style={{ listStyle: "none" }} aria-label={heading || "Endpoints"}>
        {rows.map((row) => (
          <EndpointCard key={row.id} row={row} show={show} remove={remove} />
        ))}
      </Box>
    </Box>
  ));
}

function EndpointCard({ row, show, remove }: { row: Row } & Pick<Properties, "show" | "remove">) {
  return (
    <Stack component="li" gap={6} px="md" py="sm" data-endpoint={row.id} style={{ borderTop: "1px solid var(--line)" }}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Named row={row} show={show} />
        <RowMenu row={row} show={show} remove={remove} />
      </Group>
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {row.model}{" "}
        <Text span size="xs" c="dimmed">
          {row.service}
        </Text>
      </Text>
      <Group gap="sm">
        <WhereItRuns place={row.place} />
        <StateMark state={row.state} row={row} />
      </Group>
      {row.requests > 0 && (
        <Box className="scroll">
          <Figures row={row} />
        </Box>
      )}
    </Stack>
  );
}
