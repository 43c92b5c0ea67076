import { LogoutOutlined, MenuOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons';
import { Button, Drawer } from 'antd';
import { useState, type ReactNode } from 'react';
import { Role, type User } from '../gen/prepay/console/v1/console_pb';
import { useText } from '../i18n/console_text';
import { session } from '../session/session';
import { GlyphSprite } from '../ui/glyphs';
import { Menu } from './menu';
import { setPrefs, usePrefs } from './prefs';

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

/** What stands around every page. */
export function Frame({ user, children }: { user: User; children: ReactNode }) {
    const { t, lookUp } = useText();
    const [menuOpen, setMenuOpen] = useState(false);
    return (
        <div className="shell">
            <GlyphSprite />
            <a className="skip" href="#content">{t('shell.skip')}</a>
            <header className="top">
                <Button className="only-narrow" type="text" icon={<MenuOutlined />} aria-label={t('shell.places')} onClick={() => setMenuOpen(true)} />
                <Brand />
                <div className="only-wide"><Menu /></div>
                <span className="top-space" />
                <PrefSwitches />
                <span className="who only-wide">
                    {user.displayName || user.userName}
                    <small>{lookUp(`role.${Role[user.role]?.toLowerCase()}`)}</small>
                </span>
                <Button type="text" icon={<LogoutOutlined />} aria-label={t('shell.log_out')} title={t('shell.log_out')} onClick={() => session.logOut()} />
            </header>
            <Drawer placement="left" size={240} open={menuOpen} onClose={() => setMenuOpen(false)} title={<Brand />}>
                <Menu onGo={() => setMenuOpen(false)} />
            </Drawer>
            <main id="content" className="content">{children}</main>
        </div>
    );
}
