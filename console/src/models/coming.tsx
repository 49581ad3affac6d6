import { Progress, Text } from "@mantine/core";

/** A model that is on its way; how much of it is here, the API does not say. */
export function Coming({ what, says }: { what: string; says: string }) {
  return (
    <>
      <Progress value={100} animated mt="sm" aria-label={`${what} is on its way`} />
      <Text size="xs" c="dimmed" mt={4} role="status">
        {says}
      </Text>
    </>
  );
}
