import {
  type Icon,
  IconBinaryTree2,
  IconBox,
  IconMessage2,
  IconSearch,
  IconSparkles,
  IconTerminal2,
} from "@tabler/icons-react";
import { lazy } from "react";
import { EndpointsPage } from "./endpoints/page";

export interface Page {
  path: string;
  name: string;
  key: string;
  icon: Icon;
  view: React.ComponentType;
}

// The first page comes at once, the others when they are opened.
export const PAGES: Page[] = [
  { path: "/", name: "Endpoints", key: "e", icon: IconBinaryTree2, view: EndpointsPage },
  { path: "/devtools", name: "Dev Tools", key: "d", icon: IconTerminal2, view: lazy(() => import("./devtools/page")) },
  { path: "/expand", name: "Expand", key: "x", icon: IconSparkles, view: lazy(() => import("./expand/page")) },
  { path: "/search", name: "Search", key: "s", icon: IconSearch, view: lazy(() => import("./search/page")) },
  { path: "/chat", name: "Chat", key: "c", icon: IconMessage2, view: lazy(() => import("./chat/page")) },
  { path: "/models", name: "Models", key: "m", icon: IconBox, view: lazy(() => import("./models/page")) },
];
