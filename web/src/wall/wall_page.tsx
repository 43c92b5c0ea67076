import { useCallback, useDeferredValue, useMemo, useState, useSyncExternalStore } from 'react';
import { useSearchParams } from 'react-router-dom';
import { wallStore } from '../actions/wall_store';
import type { WallRoom, WallState } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { useSite } from '../session/site';
import { lookOf } from '../ui/states';
import { StreamNote } from '../ui/stream_note';
import { EmptyState, SkeletonBlock } from '../ui/surface';
import { onWallKey } from './arrow_keys';
import { filterParams, groupRooms, matches, parseFilter, type WallFilter } from './filter';
import { byUrgency } from './order';
import { PickBar } from './pick_bar';
import { Buildings, Problems } from './sections';
import { WallToolbar } from './toolbar';

function useFilter(): [WallFilter, (change: Partial<WallFilter>) => void] {
    const [params, setParams] = useSearchParams();
    const filter = useMemo(() => parseFilter(params), [params]);
    const change = useCallback(
        (part: Partial<WallFilter>) => setParams((old) => filterParams({ ...parseFilter(old), ...part }), { replace: true }),
        [setParams],
    );
    return [filter, change];
}

function countStates(rooms: readonly WallRoom[]): Map<WallState, number> {
    const counts = new Map<WallState, number>();
    for (const room of rooms) {
        const { state } = lookOf(room.state);
        counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
}

function usePicks() {
    const [picking, setPicking] = useState(false);
    const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
    const toggle = useCallback((roomId: string) => {
        setPicked((old) => {
            const next = new Set(old);
            if (!next.delete(roomId)) next.add(roomId);
            return next;
        });
    }, []);
    const startOrEnd = useCallback((on: boolean) => {
        setPicking(on);
        setPicked(new Set());
    }, []);
    return { picking, setPicking: startOrEnd, picked, setPicked, toggle };
}

/** All rooms of the site, live: problems first, then building by building. */
export function WallPage() {
    const { t } = useText();
    const { site } = useSite();
    const store = wallStore(site.siteId);
    const view = useSyncExternalStore(store.subscribe, store.getView);
    const [filter, setFilter] = useFilter();
    const picks = usePicks();
    const calmFilter = useDeferredValue(filter);
    const all = useMemo(() => [...view.rooms.values()], [view.rooms]);
    const shown = useMemo(() => all.filter((room) => matches(room, calmFilter)), [all, calmFilter]);
    const problems = useMemo(() => shown.filter((room) => lookOf(room.state).problem).sort(byUrgency), [shown]);
    const buildings = useMemo(() => groupRooms(all).map((b) => b.name), [all]);
    return (
        <div className={filter.compact ? 'wall compact' : 'wall'} onKeyDown={onWallKey}>
            <div className="wall-head">
                <h1>{site.displayName}</h1>
                <StreamNote stream={view.stream} lastMs={view.serverMs} />
                <span className="faint num">{t('wall.shown', { shown: shown.length, all: all.length })}</span>
            </div>
            <WallToolbar
                filter={filter}
                setFilter={setFilter}
                buildings={buildings}
                counts={useMemo(() => countStates(all), [all])}
                keepCount={useMemo(() => all.filter((room) => room.keepPower).length, [all])}
                picking={picks.picking}
                setPicking={picks.setPicking}
            />
            {!view.loaded && <SkeletonBlock rows={12} />}
            {view.loaded && all.length === 0 && <EmptyState title={t('wall.empty')} hint={t('wall.empty.hint')} />}
            {all.length > 0 && shown.length === 0 && <EmptyState title={t('wall.nothing_matches')} hint={t('wall.nothing_matches.hint')} />}
            {shown.length > 0 && <Problems rooms={problems} picks={picks} />}
            <Buildings rooms={shown} picks={picks} />
            {picks.picking && (
                <PickBar
                    rooms={all.filter((room) => picks.picked.has(room.roomId))}
                    shownCount={shown.length}
                    onAll={() => picks.setPicked(new Set(shown.map((room) => room.roomId)))}
                    onNone={() => picks.setPicked(new Set())}
                />
            )}
        </div>
    );
}
