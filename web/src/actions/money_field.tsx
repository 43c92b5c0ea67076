import { Input } from 'antd';
import type { ReactNode } from 'react';
import { parseYuan } from '../core/money';
import { useText } from '../i18n/console_text';
import { Field } from './field';

interface MoneyFieldProps {
    label: string;
    value: string;
    onChange: (text: string) => void;
    disabled?: boolean;
    autoFocus?: boolean;
    allowNegative?: boolean;
    hint?: ReactNode;
    error?: string;
}

/** Yuan with at most two decimals, kept as the text that was typed. */
export function MoneyField({ label, value, onChange, disabled, autoFocus, allowNegative, hint, error }: MoneyFieldProps) {
    const { t } = useText();
    const micros = parseYuan(value);
    const wrong = value !== '' && (micros === null || (!allowNegative && micros < 0n));
    return (
        <Field label={label} hint={hint} error={wrong ? t('money.wrong') : error}>
            {(id) => (
                <Input
                    id={id}
                    className="money-input"
                    prefix="¥"
                    inputMode="decimal"
                    autoComplete="off"
                    value={value}
                    status={wrong ? 'error' : ''}
                    disabled={disabled}
                    autoFocus={autoFocus}
                    onChange={(event) => onChange(event.target.value)}
                />
            )}
        </Field>
    );
}
