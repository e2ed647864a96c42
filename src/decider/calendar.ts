import type { Instant } from '../events/define.js';

const BRUSSELS = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Brussels', year: 'numeric', month: '2-digit', day: '2-digit' });

/** The day in Brussels, YYYY-MM-DD: days of the Committee are its own, moments are UTC. */
export const brusselsDay = (time: Instant): string => BRUSSELS.format(new Date(time));
export const brusselsYear = (time: Instant): number => Number(brusselsDay(time).slice(0, 4));
