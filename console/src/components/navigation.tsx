import {
  Anchor,
  AppShell,
  Box,
  Burger,
  Group,
  NavLink,
  SegmentedControl,
  Stack,
  Text,
  useMantineColorScheme,
} from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { infoQuery } from "../api/queries";
import { PAGES } from "../pages";
import { Logo } from "./logo";
import { list } from "./shortcuts";

export function Header({ opened, toggle }: { opened: boolean; toggle: () => void }) {
  return (
    <AppShell.Header hiddenFrom="sm" px="md">
      <Group h="100%" justify="space-between">
        <Logo />
        <Burger opened={opened} onClick={toggle} size="sm" aria-label={opened ? "Close the menu" : "Open the menu"} />
      </Group>
    </AppShell.Header>
  );
}

export function Navigation() {
  const [path] = useLocation();
  const info = useQuery(infoQuery);
  return (
    <AppShell.Navbar p="md" bg="var(--surface)" aria-label="Pages">
      <Box visibleFrom="sm" mb="xl" mt={6} px={8}>
        <Logo />
      </Box>
      <Stack gap={4} flex={1}>
        {PAGES.map((page) => (
          <NavLink
            key={page.path}
            component={Link}
            href={page.path}
            label={page.name}
            leftSection={<page.icon size={18} stroke={1.6} aria-hidden />}
            active={path === page.path}
            aria-current={path === page.path ? "page" : undefined}
            fw={500}
            style={{ borderRadius: "var(--mantine-radius-md)" }}
          />
        ))}
      </Stack>
      <Stack gap="sm">
        <Scheme />
        <Text size="xs" c="dimmed" px={4}>
          {info.data ? `connote ${info.data.version.build_hash} · speaks ${info.data.version.number}` : " "}
          <br />
          <Anchor component="button" type="button" size="xs" onClick={() => list.set(true)}>
            Keyboard shortcuts
          </Anchor>
        </Text>
      </Stack>
    </AppShell.Navbar>
  );
}

function Scheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const choices = [
    { value: "light", label: "Light", icon: IconSun },
    { value: "auto", label: "As the system", icon: IconDeviceDesktop },
    { value: "dark", label: "Dark", icon: IconMoon },
  ];
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label="Colours"
      value={colorScheme}
      onChange={(value) => setColorScheme(value as "light" | "auto" | "dark")}
      data={choices.map(({ value, label, icon: Icon }) => ({
        value,
        label: (
          <>
            <Icon size={15} stroke={1.7} style={{ display: "block", margin: "2px auto" }} aria-hidden />
            <span className="unseen">{label}</span>
          </>
        ),
      }))}
    />
  );
}
