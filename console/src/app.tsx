import { lazy, Suspense, useState } from "react";
import { Route, Switch } from "wouter";
import { currentRegion } from "./api/region.ts";
import { useServer } from "./api/server.ts";
import { ErrorAlert } from "./components/errors.tsx";
import { Loading } from "./components/loading.tsx";
import { Shell } from "./shell/shell.tsx";

/** Each page is a file of its own to load. Paths are those of the links in shell/navigation.tsx. */
const PAGES = [
  { path: "/", page: lazy(() => import("./pages/overview/overview.tsx")) },
  { path: "/jobs", page: lazy(() => import("./pages/jobs/jobs.tsx")) },
  { path: "/jobs/:jobId", page: lazy(() => import("./pages/job/job.tsx")) },
  { path: "/queues", page: lazy(() => import("./pages/queues/queues.tsx")) },
  { path: "/queues/:name", page: lazy(() => import("./pages/queues/queue.tsx")) },
  { path: "/environments", page: lazy(() => import("./pages/environments/environments.tsx")) },
  { path: "/environments/:name", page: lazy(() => import("./pages/environments/environment.tsx")) },
  { path: "/definitions", page: lazy(() => import("./pages/definitions/definitions.tsx")) },
  { path: "/definitions/:name", page: lazy(() => import("./pages/definitions/definition.tsx")) },
  { path: "/policies", page: lazy(() => import("./pages/policies/policies.tsx")) },
  { path: "/consumables", page: lazy(() => import("./pages/consumables/consumables.tsx")) },
  { path: "/what-if", page: lazy(() => import("./pages/what-if/what-if.tsx")) },
  { path: "*", page: lazy(() => import("./pages/nowhere.tsx")) },
] as const;

const SignIn = lazy(() => import("./pages/sign-in/sign-in.tsx"));

export function App() {
  const { server, error } = useServer();
  const [region, setRegion] = useState(currentRegion());
  return (
    <Shell server={server} onRegion={() => setRegion(currentRegion())}>
      <Suspense fallback={<Loading />}>
        {server?.user !== undefined ? (
          // Another region or another user is another console: nothing of what was shown stays.
          <Switch key={`${region} ${server.user.arn}`}>
            {PAGES.map(({ path, page }) => (
              <Route key={path} path={path} component={page} />
            ))}
          </Switch>
        ) : server !== undefined ? (
          <SignIn />
        ) : error === null ? (
          <Loading />
        ) : (
          <ErrorAlert what="The server does not answer" error={error} onRetry={() => window.location.reload()} />
        )}
      </Suspense>
    </Shell>
  );
}
