import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { client } from "./api/queries";
import { App } from "./app";
import "./global.css";
import { nonce } from "./nonce";
import { theme, variables } from "./theme";

if (nonce) setNonce(nonce); // for the style elements of dialogs

// After an upgrade of the server the parts that this page would load are others; the page itself must come anew.
addEventListener("vite:preloadError", () => {
  const last = Number(sessionStorage.getItem("connote.reloaded"));
  if (Date.now() - last < 10_000) return;
  sessionStorage.setItem("connote.reloaded", `${Date.now()}`);
  location.reload();
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      cssVariablesResolver={variables}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
