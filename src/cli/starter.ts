/** Starter: the configuration `sluice init` writes. It is valid as it stands. */

export const STARTER = `# Sluice. Check it with \`sluice check\`; all fields: docs/configuration.md.
# \${NAME} and \${NAME:-default} are replaced by environment variables.

server:
  listen: 127.0.0.1:8787
  # Required as soon as other machines can reach it:
  # admin_token: "\${SLUICE_ADMIN_TOKEN}"

# The accounts whose limits are shared. Without api_key the client's own key is passed on.
upstreams:
  openai:
    dialect: openai
    base_url: https://api.openai.com/v1
    api_key: "\${OPENAI_API_KEY:-}"
    # Your account's limits, from the provider's console. Without them they are learned from headers.
    limits:
      - { rpm: 500, tpm: 200k }                    # the account
    #   - { model: "gpt-5*", rpm: 500, tpm: 30k }  # these models together
  # anthropic:
  #   dialect: anthropic
  #   base_url: https://api.anthropic.com
  #   api_key: "\${ANTHROPIC_API_KEY:-}"

# First listed is served first; these four also apply if none are written.
tiers:
  critical: { weight: 8, max_wait: 60s }
  premium: { weight: 4, max_wait: 60s }
  standard: { weight: 2, max_wait: 60s, guarantee: 0.10 }
  free: { weight: 1, max_wait: 30s, guarantee: 0.05 }

# Who shares them. \`sluice key create\` makes a key for the client and the hash to store here.
# tenants:
#   acme:
#     tier: premium
#     keys: ["sha256:..."]

# What a client without a key is.
defaults: { tenant: default, tier: free }

# Names that clients may use as a model.
# models:
#   smart:
#     - { upstream: openai, model: gpt-5 }
`;
