import { theme, type ThemeConfig } from 'antd';

const shared = {
    borderRadius: 6,
    fontSize: 13,
    controlHeight: 30,
    fontFamily:
        "'Inter', -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif",
    wireframe: false,
};

/** Ant Design tokens; the same colours stand as custom properties in theme.css. */
export function antTheme(dark: boolean): ThemeConfig {
    return {
        algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
        token: dark
            ? { ...shared, colorPrimary: '#5fc0b6', colorTextLightSolid: '#06201d', colorLink: '#6cc5bc', colorBgBase: '#10161b', colorTextBase: '#e6ebef',
                colorBgContainer: '#151c22', colorBgElevated: '#1c252c', colorBgLayout: '#0d1216', colorBorder: '#3a4751', colorBorderSecondary: '#2a343d',
                colorTextPlaceholder: '#93a1ad', colorTextDescription: '#9fb0bc', colorTextTertiary: '#9fb0bc',
                colorError: '#ffa3a0', colorErrorText: '#ff8f8c' }
            : { ...shared, colorPrimary: '#0f6f68', colorLink: '#0b625c', colorTextBase: '#17212b', colorBgLayout: '#f3f5f6',
                colorTextPlaceholder: '#66727d', colorTextDescription: '#56636f', colorTextTertiary: '#56636f',
                colorError: '#c0262d', colorSuccess: '#15803d', colorWarning: '#b45309',
                colorSuccessBg: '#e9f6ee', colorSuccessBorder: '#9fd2b1', colorErrorBg: '#fdeeee', colorErrorBorder: '#eeb4b4',
                colorWarningBg: '#fff5e6', colorWarningBorder: '#eccb95' },
        components: {
            Table: { cellPaddingBlockSM: 5, cellPaddingInlineSM: 10, headerBorderRadius: 0 },
            Card: { bodyPadding: 14 },
            Tooltip: { colorTextLightSolid: '#ffffff' },
            Button: { primaryShadow: 'none', dangerShadow: 'none', defaultShadow: 'none' },
        },
    };
}
