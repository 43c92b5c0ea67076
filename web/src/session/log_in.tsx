import { Alert, Button, Form, Input } from 'antd';
import { useState, type ReactNode } from 'react';
import { toFailure } from '../core/errors';
import { useText } from '../i18n/console_text';
import { useFailureText } from '../ui/failure_text';
import { session } from './session';

/** Asks who is there. What stands above and below the form is the shell's. */
export function LogInPage({ brand, foot }: { brand: ReactNode; foot: ReactNode }) {
    const { t } = useText();
    const failureText = useFailureText();
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState('');
    const logIn = async (values: { userName: string; password: string }) => {
        setBusy(true);
        setError('');
        try {
            await session.logIn(values.userName.trim(), values.password);
        } catch (problem) {
            setError(failureText(toFailure(problem)));
            setBusy(false);
        }
    };
    return (
        <main className="login">
            <div className="login-card">
                <h1>{brand}</h1>
                <p className="login-lead">{t('login.lead')}</p>
                <Form layout="vertical" onFinish={logIn} requiredMark={false} size="large">
                    <Form.Item name="userName" label={t('login.user')} rules={[{ required: true, message: t('login.user.missing') }]}>
                        <Input autoFocus autoComplete="username" autoCapitalize="none" />
                    </Form.Item>
                    <Form.Item name="password" label={t('login.password')} rules={[{ required: true, message: t('login.password.missing') }]}>
                        <Input.Password autoComplete="current-password" />
                    </Form.Item>
                    {error && <Alert type="error" title={error} showIcon className="gap-below" />}
                    <Button type="primary" htmlType="submit" block loading={busy}>
                        {t('login.submit')}
                    </Button>
                </Form>
            </div>
            <div className="login-foot">{foot}</div>
        </main>
    );
}
