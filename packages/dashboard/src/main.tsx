import "./styles/mantine.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/card.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { theme } from "./theme.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has lost its root element");

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={localStorageColorSchemeManager({ key: "concord.scheme" })}
    >
      <App />
    </MantineProvider>
  </StrictMode>,
);
