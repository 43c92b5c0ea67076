import { NavLink } from 'react-router-dom';
import { useText } from '../i18n/console_text';
import { usePermissions } from '../session/access';
import { features } from './features';

const places = features.flatMap((feature) => feature.menu ?? []).sort((a, b) => a.order - b.order);

/** The places of the console that this role may go to. */
export function Menu({ onGo }: { onGo?: () => void }) {
    const { t } = useText();
    const permissions = usePermissions();
    return (
        <nav className="places" aria-label={t('shell.places')}>
            {places
                .filter((place) => place.needs === undefined || permissions.has(place.needs))
                .map(({ to, text, badge: Badge }) => (
                    <NavLink key={to} to={to} end={to === '/'} onClick={onGo}>
                        {t(text)}
                        {Badge && <Badge />}
                    </NavLink>
                ))}
        </nav>
    );
}
