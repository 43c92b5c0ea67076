import { DatePicker } from 'antd';
import dayjs from 'dayjs';
import customParseFormat from 'dayjs/plugin/customParseFormat';
import 'dayjs/locale/zh-cn';
import type { Locale } from '../i18n/text';

dayjs.extend(customParseFormat);

// ISO order reads the same in Chinese and English, as everywhere on the pages.
const dateFormat = 'YYYY-MM-DD';
const timeFormat = 'YYYY-MM-DD HH:mm';

/** Weekdays and months of the pickers follow the page, not the browser. */
export function setPickerLocale(locale: Locale): void {
    dayjs.locale(locale === 'zh' ? 'zh-cn' : 'en');
}

interface Common {
    id?: string;
    label?: string;
    value: string;
    disabled?: boolean;
    wrong?: boolean;
    onChange: (value: string) => void;
}

/** A local date, "2026-03-01"; empty = none. */
export function DateField({ id, label, value, disabled, wrong, onChange }: Common) {
    return (
        <DatePicker
            id={id}
            aria-label={label}
            value={value ? dayjs(value, dateFormat) : null}
            format={dateFormat}
            disabled={disabled}
            status={wrong ? 'error' : ''}
            onChange={(date) => onChange(date ? date.format(dateFormat) : '')}
        />
    );
}

/** A local time of the site, "2026-03-01T08:00"; empty = none. */
export function DateTimeField({ id, label, value, disabled, wrong, onChange }: Common) {
    return (
        <DatePicker
            id={id}
            aria-label={label}
            value={value ? dayjs(value.replace('T', ' '), timeFormat) : null}
            format={timeFormat}
            showTime={{ format: 'HH:mm' }}
            showNow={false}
            disabled={disabled}
            status={wrong ? 'error' : ''}
            onChange={(time) => onChange(time ? time.format(timeFormat).replace(' ', 'T') : '')}
        />
    );
}
