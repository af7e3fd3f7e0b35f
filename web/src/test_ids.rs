//! The `data-testid` names by which end-to-end tests find things. They are as stable as an API.
//!
//! | where | names |
//! |---|---|
//! | everywhere | `connection` (`data-state` = `connecting`, `connected`, `waiting`, `wrong_chain`, `wrong_protocol`), `connection-banner`, `link-banner`, `link-drop`, `link-ignored-banner`, `node` (in the foot, when it is not the page's own), `error`, `progress`, `nav-home`, `nav-send`, `nav-receive`, `nav-history`, `nav-network`, `nav-settings`, `foot-network` (before there is a wallet), `lock`, `language-en-GB`, `language-zh-Hant`, `drill-banner`, `drill-start`, `auto-lock-banner` |
//! | fields | the input has the name, the line below it the name and `-note` |
//! | welcome | `welcome-create`, `welcome-import`, `unreadable` |
//! | create | `words-list`, `word-1` … `word-24`, `words-written`, `words-void`, `passphrase`, `passphrase-repeat`, `create-submit`, `cancel` |
//! | drill | `drill-input-N` with N the word's position from 1, `drill-submit`, `drill-later` |
//! | import | `import-tab-words`, `import-tab-file`, `import-tab-key`, `import-words`, `suggestion`, `import-bip39-passphrase`, `import-file`, `import-key`, `passphrase`, `passphrase-repeat`, `import-submit`, `cancel` |
//! | unlock | `unlock-passphrase`, `unlock-submit`, `unlock-forgot` |
//! | overview | `balance` (`data-value` = plain number), `balance-note`, `not-checked`, `address`, `copy-address`, `tip-height`, `chain`, `chain-branches`, `block` (`data-height`) |
//! | history | `history-list`, `history-entry` (`data-state` = `pending`, `confirmed`; `data-tx` = the id of a payment), `entry-state`, `entry-comment`, `history-empty`, `mine-here`, `load-older` |
//! | receive | `address`, `copy-address`, `tutorial-address-show`, `tutorial-address`, `copy-tutorial-address` |
//! | send | `send-to`, `send-amount`, `send-fee`, `send-comment`, `send-review`, `send-nothing` |
//! | confirm | `confirm-to`, `confirm-amount`, `confirm-fee`, `confirm-total`, `confirm-after`, `confirm-comment`, `confirm-from`, `confirm-chain`, `confirm-nonce`, `confirm-expires`, `confirm-fee-typed`, `look-alike`, `confirm-submit`, `confirm-back` |
//! | sent | `sent` (`data-state`, `data-tx`), `sent-state`, `sent-to`, `sent-id`, `sent-home`, `send-another` |
//! | network | `tab-nodes`, `tab-branches`, `network-back`, `network-closed`, `peer-count`, `peers`, `peer` (`data-id`, `data-role`), `peer-address`, `peer-agent`, `peer-height`, `peer-latency`, `peer-in`, `peer-out`, `peer-since`, `peer-score`, `peer-ban`, `named`, `named-node`, `named-state`, `named-remove`, `add-node`, `add-submit`, `bans`, `bans-empty`, `ban`, `ban-reason-shown`, `unban`, `ban-address`, `ban-reason`, `ban-duration`, `ban-submit` |
//! | branches | `forks`, `forks-lead` (`data-count`), `branch` (`data-length`, `data-invalid`), `branch-outcome`, `branch-tip` |
//! | before the program | `boot` |
//! | settings | `backup`, `backup-origin`, `auto-lock`, `node-source`, `node-address`, `node-connect`, `node-forget`, `control-hint`, `mining` (`data-threads`), `mining-switch`, `payout`, `payout-take`, `program-hash`, `node-program-hash`, `old-page`, `forget-word`, `forget-submit` (also on the unlock page) |
