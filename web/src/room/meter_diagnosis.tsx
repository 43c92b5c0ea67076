import { useQuery } from '@tanstack/react-query';
import { Button, Drawer } from 'antd';
import { useState } from 'react';
import { FrameTable } from '../actions/evidence';
import type { GetMeterDiagnosticsResponse } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { metering } from '../session/clients';
import { When } from '../ui/figures';
import { Failed, SkeletonBlock } from '../ui/surface';

function Report({ report }: { report: GetMeterDiagnosticsResponse }) {
    const { t, lookUp } = useText();
    const kindText = (kind: string) => lookUp(`reason.${kind}`) ?? kind;
    return (
        <div className="evidence">
            <dl className="facts">
                <dt>{t('diagnostics.last_error')}</dt>
                <dd>{report.lastErrorKind ? <>{kindText(report.lastErrorKind)} <When time={report.lastErrorTime} /><br /><small className="faint">{report.lastErrorText}</small></> : t('diagnostics.none')}</dd>
                <dt>{t('diagnostics.errors')}</dt>
                <dd>
                    {report.errors.map((error) => <div key={error.kind}><span className="num">{error.count.toString()}</span> × {kindText(error.kind)}</div>)}
                    <div>{t('diagnostics.good', { count: report.goodCount.toString() })}</div>
                    {report.refusedBlocks.map((block) => (
                        <div key={block.register}>
                            {t('diagnostics.refused', { count: block.registerCount, register: '0x' + block.register.toString(16).toUpperCase().padStart(4, '0'), code: block.exceptionCode })}
                        </div>
                    ))}
                </dd>
            </dl>
            <h3>{t('diagnostics.frames')}</h3>
            <FrameTable frames={report.frames} />
        </div>
    );
}

/** What a meter did lately: a button, and beside the page its errors and frames. */
export function MeterDiagnosis({ meterId }: { meterId: string }) {
    const { t } = useText();
    const [open, setOpen] = useState(false);
    const query = useQuery({ queryKey: ['diagnostics', meterId], queryFn: () => metering.getMeterDiagnostics({ meterId }), enabled: open, refetchInterval: 5_000 });
    return (
        <>
            <Button size="small" type="text" onClick={() => setOpen(true)}>{t('diagnostics.open')}</Button>
            <Drawer open={open} onClose={() => setOpen(false)} size={640} title={`${t('diagnostics.open')} · ${meterId}`}>
                {query.isPending && <SkeletonBlock rows={6} />}
                {query.error && <Failed error={query.error} retry={() => query.refetch()} />}
                {query.data && <Report report={query.data} />}
            </Drawer>
        </>
    );
}
