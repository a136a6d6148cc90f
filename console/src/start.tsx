import "./shell/font.css";
import "./shell/shell.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { isWorthRetrying } from "./api/call.ts";
import { App } from "./app.tsx";
import { applyTheme } from "./shell/theme.ts";

applyTheme();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What is shown is refreshed by events (api/live.ts); what comes back to sight is asked for again.
      staleTime: 2_000,
      retry: (failures, error) => failures < 2 && isWorthRetrying(error),
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
