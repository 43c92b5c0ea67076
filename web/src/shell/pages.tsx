import { Suspense } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router-dom';
import { useSession } from '../session/access';
import { LogInPage } from '../session/log_in';
import { SiteProvider } from '../session/site';
import { SkeletonBlock } from '../ui/surface';
import { features } from './features';
import { Brand, Frame, PrefSwitches } from './frame';

const routes = features.flatMap((feature) => feature.routes);

/** Log-in keeps the address: it is shown in place of the page that was asked for. */
export function Pages() {
    const state = useSession();
    const { pathname } = useLocation();
    if (state.kind === 'starting') return <SkeletonBlock rows={8} />;
    if (state.kind === 'signed-out') return <LogInPage brand={<Brand />} foot={<PrefSwitches />} />;
    return (
        <Frame user={state.user}>
            <SiteProvider>
                <Suspense fallback={<SkeletonBlock rows={10} />} key={pathname.split('/')[1]}>
                    <Routes>
                        {routes.map(({ path, page: Page }) => <Route key={path} path={path} element={<Page />} />)}
                        <Route path="*" element={<Navigate to="/" replace />} />
                    </Routes>
                </Suspense>
            </SiteProvider>
        </Frame>
    );
}
