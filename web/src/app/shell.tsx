import { LogoutOutlined, MenuOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons';
import { Button, Drawer } from 'antd';
import { useState, type ReactNode } from 'react';
import { NavLink } from 'react-router-dom';
import { AnomalyCount } from '../anomalies/anomaly_count';
import { session } from '../core/session';
import { Role, type User } from '../gen/prepay/console/v1/console_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { GlyphSprite } from '../wall/glyphs';
import { Permission, useMay } from './access';
import { setPrefs, usePrefs } from './prefs';

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

export function Brand() {
    return (
        <span className="brand">
            <img src="/icon.svg" alt="" width="22" height="22" />
            OpenPrepay
        </span>
    );
}

export function PrefSwitches() {
    const { t } = useText();
    const { locale, dark } = usePrefs();
    return (
        <>
            <Button type="text" lang={locale === 'zh' ? 'en' : 'zh'} onClick={() => setPrefs({ locale: locale === 'zh' ? 'en' : 'zh' })}>
                {t('shell.other_language')}
            </Button>
            <Button
                type="text"
                icon={dark ? <SunOutlined /> : <MoonOutlined />}
                aria-label={t(dark ? 'shell.light' : 'shell.dark')}
                title={t(dark ? 'shell.light' : 'shell.dark')}
                onClick={() => setPrefs({ dark: !dark })}
            />
        </>
    );
}

function Places({ onGo }: { onGo?: () => void }) {
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

export function Shell({ user, children }: { user: User; children: ReactNode }) {
    const { t, lookUp } = useText();
    const [menuOpen, setMenuOpen] = useState(false);
    return (
        <div className="shell">
            <GlyphSprite />
            <a className="skip" href="#content">{t('shell.skip')}</a>
            <header className="top">
                <Button className="only-narrow" type="text" icon={<MenuOutlined />} aria-label={t('shell.places')} onClick={() => setMenuOpen(true)} />
                <Brand />
                <div className="only-wide"><Places /></div>
                <span className="top-space" />
                <PrefSwitches />
                <span className="who only-wide">
                    {user.displayName || user.userName}
                    <small>{lookUp(`role.${Role[user.role]?.toLowerCase()}`)}</small>
                </span>
                <Button type="text" icon={<LogoutOutlined />} aria-label={t('shell.log_out')} title={t('shell.log_out')} onClick={() => session.logOut()} />
            </header>
            <Drawer placement="left" size={240} open={menuOpen} onClose={() => setMenuOpen(false)} title={<Brand />}>
                <Places onGo={() => setMenuOpen(false)} />
            </Drawer>
            <main id="content" className="content">{children}</main>
        </div>
    );
}
