import { Button, Input, Segmented, Select, type InputRef } from 'antd';
import { useEffect, useRef } from 'react';
import type { WallState } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { useSite } from '../session/site';
import { Glyph } from '../ui/glyphs';
import { stateLooks } from '../ui/states';
import type { WallFilter } from './filter';

interface ToolbarProps {
    filter: WallFilter;
    setFilter: (change: Partial<WallFilter>) => void;
    buildings: readonly string[];
    counts: ReadonlyMap<WallState, number>;
    keepCount: number;
    picking: boolean;
    setPicking: (picking: boolean) => void;
}

/** "/" puts the cursor into the search box from anywhere on the wall. */
function useSlashFocus() {
    const input = useRef<InputRef>(null);
    useEffect(() => {
        const onKey = (event: KeyboardEvent) => {
            const typing = (event.target as HTMLElement).closest('input,textarea,select');
            if (event.key !== '/' || typing) return;
            event.preventDefault();
            input.current?.focus();
        };
        window.addEventListener('keydown', onKey);
        return () => window.removeEventListener('keydown', onKey);
    }, []);
    return input;
}

function StateChips({ filter, setFilter, counts, keepCount }: Pick<ToolbarProps, 'filter' | 'setFilter' | 'counts' | 'keepCount'>) {
    const { t } = useText();
    const toggle = (state: WallState) => {
        const states = new Set(filter.states);
        if (!states.delete(state)) states.add(state);
        setFilter({ states });
    };
    return (
        <div className="chips" role="group" aria-label={t('wall.filter_state')}>
            {stateLooks.map((look) => (
                <button
                    key={look.state}
                    type="button"
                    className={`chip tone-${look.tone}`}
                    aria-pressed={filter.states.has(look.state)}
                    onClick={() => toggle(look.state)}
                >
                    <Glyph name={look.glyph} />
                    {t(look.word)}
                    <b className="num">{counts.get(look.state) ?? 0}</b>
                </button>
            ))}
            <button type="button" className="chip tone-shield" aria-pressed={filter.keepPower} onClick={() => setFilter({ keepPower: !filter.keepPower })}>
                <Glyph name="shield" />
                {t('state.keep_power')}
                <b className="num">{keepCount}</b>
            </button>
        </div>
    );
}

function SiteSelect() {
    const { t } = useText();
    const { site, sites, choose } = useSite();
    if (sites.length < 2) return null;
    return (
        <Select
            aria-label={t('site.choose')}
            value={site.siteId}
            onChange={choose}
            options={sites.map((s) => ({ value: s.siteId, label: s.displayName }))}
        />
    );
}

export function WallToolbar(props: ToolbarProps) {
    const { filter, setFilter, buildings, picking, setPicking } = props;
    const { t } = useText();
    const mayControl = useMay(Permission.CONTROL);
    const search = useSlashFocus();
    return (
        <div className="wall-tools">
            <StateChips {...props} />
            <div className="wall-row">
                <SiteSelect />
                <Input
                    ref={search}
                    className="wall-search"
                    allowClear
                    placeholder={t('wall.search')}
                    aria-label={t('wall.search')}
                    value={filter.query}
                    suffix={filter.query ? null : <kbd>/</kbd>}
                    onChange={(event) => setFilter({ query: event.target.value })}
                />
                <Select
                    className="wall-building"
                    aria-label={t('wall.building')}
                    value={filter.building}
                    onChange={(building: string) => setFilter({ building })}
                    options={[{ value: '', label: t('wall.all_buildings') }, ...buildings.map((b) => ({ value: b, label: b }))]}
                />
                <Segmented
                    aria-label={t('wall.density')}
                    value={filter.compact ? 'compact' : 'normal'}
                    onChange={(value) => setFilter({ compact: value === 'compact' })}
                    options={[
                        { value: 'normal', label: t('wall.density.normal') },
                        { value: 'compact', label: t('wall.density.compact') },
                    ]}
                />
                {mayControl && (
                    <Button type={picking ? 'primary' : 'default'} aria-pressed={picking} onClick={() => setPicking(!picking)}>
                        {t('wall.pick')}
                    </Button>
                )}
            </div>
        </div>
    );
}
