import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router-dom';
import { useSession } from '../session/access';
import { LogInPage } from '../session/log_in';
import { SiteProvider } from '../session/site';
import { SkeletonBlock } from '../ui/surface';
import { WallPage } from '../wall/wall_page';
import { Brand, Frame, PrefSwitches } from './frame';

const RoomPage = lazy(() => import('../room/room_page'));
const CashPage = lazy(() => import('../cash/cash_page'));
const TariffsPage = lazy(() => import('../tariffs/tariffs_page'));
const TariffPage = lazy(() => import('../tariffs/tariff_page'));
const TariffEditPage = lazy(() => import('../tariffs/edit_page'));
const TasksPage = lazy(() => import('../tasks/tasks_page'));
const TaskPage = lazy(() => import('../tasks/task_page'));
const NewTaskPage = lazy(() => import('../tasks/new_task_page'));
const NoticesPage = lazy(() => import('../notices/notices_page'));
const AnomaliesPage = lazy(() => import('../anomalies/anomalies_page'));
const HoldsPage = lazy(() => import('../holds/holds_page'));
const PausesPage = lazy(() => import('../users/pauses_page'));
const ReportPage = lazy(() => import('../reports/report_page'));

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
                        <Route path="/" element={<WallPage />} />
                        <Route path="/rooms/:roomId" element={<RoomPage />} />
                        <Route path="/cash" element={<CashPage />} />
                        <Route path="/tariffs" element={<TariffsPage />} />
                        <Route path="/tariffs/new" element={<TariffEditPage />} />
                        <Route path="/tariffs/:tariffId" element={<TariffPage />} />
                        <Route path="/tariffs/:tariffId/new-version" element={<TariffEditPage />} />
                        <Route path="/tasks" element={<TasksPage />} />
                        <Route path="/tasks/new" element={<NewTaskPage />} />
                        <Route path="/tasks/:taskId" element={<TaskPage />} />
                        <Route path="/notifications" element={<NoticesPage />} />
                        <Route path="/anomalies" element={<AnomaliesPage />} />
                        <Route path="/holds" element={<HoldsPage />} />
                        <Route path="/users" element={<PausesPage />} />
                        <Route path="/reports/days" element={<ReportPage />} />
                        <Route path="*" element={<Navigate to="/" replace />} />
                    </Routes>
                </Suspense>
            </SiteProvider>
        </Frame>
    );
}
