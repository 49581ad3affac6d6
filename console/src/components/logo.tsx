import { Group, Text } from "@mantine/core";

/** One word, and what it suggests around it. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="11" cy="16.5" r="6" fill="var(--said)" />
      <circle cx="24" cy="8.5" r="3" fill="var(--suggested)" />
      <circle cx="27.4" cy="18.2" r="2.3" fill="var(--suggested)" opacity=".75" />
      <circle cx="22.2" cy="26.4" r="1.8" fill="var(--suggested)" opacity=".5" />
    </svg>
  );
}

export function Logo() {
  return (
    <Group gap={8} wrap="nowrap">
      <Mark />
      <Text ff="heading" fz={25} lh={1} fw={500} style={{ letterSpacing: "-0.01em" }}>
        connote
      </Text>
    </Group>
  );
}
