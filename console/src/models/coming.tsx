import { Progress, Text } from "@mantine/core";

/** Something on its way: a bar that grows if it is known how much there will be. */
export function Coming({
  what,
  done,
  total,
  says,
}: {
  what: string;
  done: number;
  total: number | null;
  says: string;
}) {
  return (
    <>
      <Progress value={total ? (100 * done) / total : 100} animated mt="sm" aria-label={`${what} is on its way`} />
      <Text size="xs" c="dimmed" mt={4} role="status" className="number">
        {says}
      </Text>
    </>
  );
}
