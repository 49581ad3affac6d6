import { AppShell, Box } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Suspense, useEffect } from "react";
import { Route, Router, Switch, useLocation } from "wouter";
import { Boundary } from "./components/boundary";
import { Header, Navigation } from "./components/navigation";
import { Gate, Presence } from "./components/session";
import { Shortcuts } from "./components/shortcuts";
import { Empty, Loading } from "./components/states";
import { PAGES } from "./pages";

const BASE = /^(.*?\/console)(\/|$)/.exec(location.pathname)?.[1] ?? "/console";

export function App() {
  return (
    <Router base={BASE}>
      <Shell />
    </Router>
  );
}

function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const [path] = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever page is opened closes the menu
  useEffect(close, [path]);
  useEffect(() => {
    const page = PAGES.find((each) => each.path === path);
    document.title = page ? `${page.name} – connote` : "connote";
  }, [path]);
  return (
    <AppShell
      header={{ height: { base: 56, sm: 0 } }}
      navbar={{ width: 224, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={0}
    >
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Header opened={opened} toggle={toggle} />
      <Navigation />
      <AppShell.Main id="main" tabIndex={-1}>
        <Presence />
        <Box p={{ base: "md", sm: "xl" }} maw={1400} mx="auto">
          <Boundary key={path}>
            <Suspense fallback={<Loading what="the page" />}>
              <Switch>
                {PAGES.map((page) => (
                  <Route key={page.path} path={page.path} component={page.view} />
                ))}
                <Route>
                  <Empty title="There is no such page">Choose one in the menu.</Empty>
                </Route>
              </Switch>
            </Suspense>
          </Boundary>
        </Box>
      </AppShell.Main>
      <Gate />
      <Shortcuts />
    </AppShell>
  );
}
