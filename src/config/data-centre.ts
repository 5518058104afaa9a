/** Data centre: the part of a Mailchimp address that only the key tells, by its suffix (`...-us21`). */

/** Stands for it in a `base_url`. */
export const DATA_CENTRE = "{dc}";

/** Nothing else may come into a host from a key: clients may bring their own. */
export const DATA_CENTRE_FORM = "[a-z]{2,4}\\d{1,3}";

const SUFFIX = new RegExp(`-(${DATA_CENTRE_FORM})$`);
const MAILCHIMP = /^(https?:\/\/)(api\.mailchimp\.com(?:[:/?]|$))/;

/** The data centre that a key names; null: none. */
export function dataCentreOf(key: string): string | null {
  return SUFFIX.exec(key)?.[1] ?? null;
}

/** Mailchimp's address without a data centre is short for one with it. */
export function withDataCentre(dialect: string, address: string): string {
  return dialect === "mailchimp" ? address.replace(MAILCHIMP, `$1${DATA_CENTRE}.$2`) : address;
}
