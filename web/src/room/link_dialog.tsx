import { useMutation } from '@tanstack/react-query';
import { Alert, Button, Modal, Typography } from 'antd';
import qrcode from 'qrcode-generator';
import { useMemo, useState } from 'react';
import { auth } from '../core/clients';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { When } from '../ui/figures';
import { Failed } from '../ui/surface';

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

/** Makes the link of the tenant's phone page and shows it as a code to be scanned. */
export function TenantLinkDialog({ account, onClose }: { account: Account; onClose: () => void }) {
    const { t } = useText();
    const [open, setOpen] = useState(true);
    const link = useMutation({ mutationFn: () => auth.createTenantLink({ accountId: account.accountId }) });
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
                    <Typography.Link href={url} target="_blank" rel="noopener" copyable={{ text: url, tooltips: [t('common.copy'), t('common.copied')] }}>
                        {t('action.tenant_link.open')}
                    </Typography.Link>
                    <Alert type="info" title={<>{t('action.tenant_link.until')} <When time={link.data.expireTime} /></>} />
                </div>
            )}
        </Modal>
    );
}
