import { Box } from "@mantine/core";

/** JSON to read, not to edit. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <Box
      component="pre"
      className="mono scroll"
      tabIndex={0}
      role="region"
      aria-label={label}
      m={0}
      p="md"
      fz={13}
      bg="var(--sunken)"
      style={{ borderRadius: "var(--mantine-radius-md)", maxHeight: "50vh", overflow: "auto" }}
    >
      {JSON.stringify(value, null, 2)}
    </Box>
  );
}
