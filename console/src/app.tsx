import { lazy, Suspense, useState } from "react";
import { Route, Switch } from "wouter";
import { currentRegion } from "./api/region.ts";
import { useServer } from "./api/server.ts";
import { ErrorAlert } from "./components/errors.tsx";
import { Loading } from "./components/loading.tsx";
import { PAGES } from "./pages.ts";
import { Shell } from "./shell/shell.tsx";

const ROUTES = PAGES.map(({ path, load }) => ({ path, page: lazy(load) }));

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
            {ROUTES.map(({ path, page }) => (
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
