import { Box, Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** The head of a page: what it is called, what it is for, and what can be done. */
export function PageTitle({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <Group justify="space-between" align="flex-end" mb="lg" gap="md">
      <Box>
        <Title order={1} fz={{ base: 30, sm: 36 }} lh={1.1} style={{ letterSpacing: "-0.015em" }}>
          {title}
        </Title>
        <Text c="dimmed" mt={6} maw={640}>
          {children}
        </Text>
      </Box>
      {actions && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
