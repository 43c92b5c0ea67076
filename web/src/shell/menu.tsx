import { NavLink } from 'react-router-dom';
import { AnomalyCount } from '../anomalies/anomaly_count';
import { useText, type TextKey } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';

const places: readonly { to: string; text: TextKey; needs?: Permission }[] = [
    { to: '/', text: 'nav.wall' },
    { to: '/cash', text: 'nav.cash', needs: Permission.SELL },
    { to: '/tariffs', text: 'nav.tariffs' },
    { to: '/tasks', text: 'nav.tasks' },
    { to: '/notifications', text: 'nav.notifications' },
    { to: '/anomalies', text: 'nav.anomalies' },
    { to: '/holds', text: 'nav.holds' },
    { to: '/reports/days', text: 'nav.reports' },
    { to: '/users', text: 'nav.users', needs: Permission.MANAGE },
];

/** The places of the console that this role may go to. */
export function Menu({ onGo }: { onGo?: () => void }) {
    const { t } = useText();
    const may: Partial<Record<Permission, boolean>> = { [Permission.SELL]: useMay(Permission.SELL), [Permission.MANAGE]: useMay(Permission.MANAGE) };
    return (
        <nav className="places" aria-label={t('shell.places')}>
            {places
                .filter((place) => place.needs === undefined || may[place.needs])
                .map((place) => (
                    <NavLink key={place.to} to={place.to} end={place.to === '/'} onClick={onGo}>
                        {t(place.text)}
                        {place.to === '/anomalies' && <AnomalyCount />}
                    </NavLink>
                ))}
        </nav>
    );
}
