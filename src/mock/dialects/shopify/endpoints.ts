/** Shopify's Admin API: GraphQL at one path, REST at all others. */
import type { Endpoint } from "../platform/endpoints.ts";
import { readGraphql } from "./graphql.ts";
import { readRest } from "./rest.ts";

const ROOT = "/admin/api/{version}";

export const SHOPIFY_ENDPOINTS: readonly Endpoint[] = [
  { at: `POST ${ROOT}/graphql.json`, read: readGraphql },
  { at: `GET ${ROOT}/{resource}.json`, read: readRest(200) },
  { at: `POST ${ROOT}/{resource}.json`, read: readRest(201) },
  { at: `GET ${ROOT}/{resource}/{id}.json`, read: readRest(200) },
  { at: `PUT ${ROOT}/{resource}/{id}.json`, read: readRest(200) },
  { at: `DELETE ${ROOT}/{resource}/{id}.json`, read: readRest(200) },
];
