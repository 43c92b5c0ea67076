import { useMutation, useQuery } from '@tanstack/react-query';
import { Alert, Button, Modal, Popconfirm, Space, Typography } from 'antd';
import qrcode from 'qrcode-generator';
import { useMemo, useState } from 'react';
import { newRequestId } from '../core/request_id';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import type { TenantLink } from '../gen/prepay/console/v1/console_pb';
import { useText } from '../i18n/console_text';
import { auth } from '../session/clients';
import { When } from '../ui/figures';
import { Failed } from '../ui/surface';
import { linkGiver, linkPerson, linkUrl, linkWord } from './tenant_link';

function QrCode({ text, label }: { text: string; label: string }) {
    const { path, size } = useMemo(() => {
        const code = qrcode(0, 'M');
        code.addData(text);
        code.make();
        const count = code.getModuleCount();
        let d = '';
        for (let row = 0; row < count; row++)
            for (let column = 0; column < count; column++) if (code.isDark(row, column)) d += `M${column} ${row}h1v1h-1z`;
        return { path: d, size: count };
    }, [text]);
    return (
        <svg className="qr" viewBox={`-4 -4 ${size + 8} ${size + 8}`} role="img" aria-label={label} shapeRendering="crispEdges">
            <rect x="-4" y="-4" width={size + 8} height={size + 8} fill="#fff" />
            <path d={path} fill="#000" />
        </svg>
    );
}

function GivenLink({ link, onRevoked }: { link: TenantLink; onRevoked: () => void }) {
    const { t } = useText();
    const revoke = useMutation({ mutationFn: () => auth.revokeTenantLink({ requestId: newRequestId(), linkId: link.linkId }), onSuccess: onRevoked });
    const url = linkUrl(link, location.origin);
    return (
        <li>
            <div>
                {t(linkWord(link.state))} · {linkGiver(link, t('link.origin.alarm_mail'))} <When time={link.createTime} />
                {link.revoker && <> · {t('link.revoked_by', { who: linkPerson(link.revoker) })} <When time={link.revokeTime} /></>}
                {url && <> · {t('link.until')} <When time={link.expireTime} /></>}
            </div>
            {url && (
                <Space>
                    <Typography.Text copyable={{ text: url, tooltips: [t('link.copy'), t('link.copied')] }} />
                    <Popconfirm title={t('link.revoke.ask')} okText={t('link.revoke')} cancelText={t('common.cancel')} onConfirm={() => revoke.mutate()}>
                        <Button size="small" danger loading={revoke.isPending}>{t('link.revoke')}</Button>
                    </Popconfirm>
                </Space>
            )}
            {revoke.isError && <Failed error={revoke.error} />}
        </li>
    );
}

/** What was given out for the account, newest first. */
function GivenLinks({ accountId, newest }: { accountId: string; newest: string | undefined }) {
    const { t } = useText();
    const links = useQuery({ queryKey: ['tenant-links', accountId, newest], queryFn: () => auth.listTenantLinks({ accountId }) });
    if (links.isError) return <Failed error={links.error} />;
    return (
        <section aria-label={t('link.given')}>
            <Typography.Text strong>{t('link.given')}</Typography.Text>
            {links.data?.links.length === 0 && <Typography.Text type="secondary">{t('link.none')}</Typography.Text>}
            <ul style={{ listStyle: 'none', padding: 0 }}>
                {links.data?.links.map((link) => <GivenLink key={link.linkId} link={link} onRevoked={() => void links.refetch()} />)}
            </ul>
        </section>
    );
}

/** Makes the link of the tenant's phone page and shows it as a code to be scanned; lists and takes back those given out. */
export function TenantLinkDialog({ account, onClose }: { account: Account; onClose: () => void }) {
    const { t } = useText();
    const [open, setOpen] = useState(true);
    const [requestId] = useState(newRequestId);
    const link = useMutation({ mutationFn: () => auth.createTenantLink({ requestId, accountId: account.accountId }) });
    const url = link.data ? new URL(link.data.path, location.origin).href : '';
    return (
        <Modal open={open} title={`${t('action.tenant_link')} · ${account.customer?.displayName ?? ''}`} onCancel={() => setOpen(false)} afterClose={onClose} footer={null} width={420}>
            {!link.data && (
                <div className="action">
                    <div className="consequence">{t('action.tenant_link.consequence')}</div>
                    {link.isError && <Failed error={link.error} />}
                    <Button type="primary" loading={link.isPending} onClick={() => link.mutate()}>{t('action.tenant_link.make')}</Button>
                </div>
            )}
            {link.data && (
                <div className="action centre">
                    <QrCode text={url} label={t('action.tenant_link.qr')} />
                    <Typography.Link href={url} target="_blank" rel="noopener" copyable={{ text: url, tooltips: [t('link.copy'), t('link.copied')] }}>
                        {t('action.tenant_link.open')}
                    </Typography.Link>
                    <Alert type="info" title={<>{t('action.tenant_link.until')} <When time={link.data.expireTime} /></>} />
                </div>
            )}
            <GivenLinks accountId={account.accountId} newest={link.data?.linkId} />
        </Modal>
    );
}
