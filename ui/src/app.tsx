// The application: providers, the header, and which page an address opens.
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch, useSearch } from 'wouter';
import { Header } from './pages/header';
import { Missing } from './pages/missing';
import { Notices } from './pages/notices';
import { theme } from './theme';

const Machine = lazy(() => import('./pages/machine'));
const Query = lazy(() => import('./pages/query'));
const Alerts = lazy(() => import('./pages/alerts'));
const Rules = lazy(() => import('./pages/rules'));
const Targets = lazy(() => import('./pages/targets'));
const ServiceDiscovery = lazy(() => import('./pages/service-discovery'));

// A failed question is asked again by the next refresh, and its error is on show until then.
const client = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false } },
});

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Header />
        <Notices />
        <Suspense fallback={null}>
          <Switch>
            <Route path="/machine" component={Machine} />
            <Route path="/query" component={Query} />
            <Route path="/alerts" component={Alerts} />
            <Route path="/rules" component={Rules} />
            <Route path="/targets" component={Targets} />
            <Route path="/service-discovery" component={ServiceDiscovery} />
            <Route path="/graph" component={OldGraph} />
            <Route path="/">
              <Redirect to="/machine" replace />
            </Route>
            <Route component={Missing} />
          </Switch>
        </Suspense>
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Links of Prometheus 2 and of alerts; the query page reads their parameters as they are. */
function OldGraph() {
  const search = useSearch();
  return <Redirect to={`/query?${search}`} replace />;
}
