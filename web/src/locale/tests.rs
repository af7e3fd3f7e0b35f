use super::Locale;

fn choose(chosen: Option<&str>, preferred: &[&str]) -> Locale {
    let preferred = preferred.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    Locale::choose(chosen, &preferred)
}

#[test]
fn the_first_visit_follows_the_reader() {
    assert_eq!(choose(None, &["zh-TW", "en-US"]), Locale::ZhHant);
    assert_eq!(choose(None, &["zh-Hant-HK"]), Locale::ZhHant);
    assert_eq!(choose(None, &["ZH"]), Locale::ZhHant);
    assert_eq!(choose(None, &["en-US", "zh-TW"]), Locale::En);
    assert_eq!(choose(None, &["fr-FR", "zh-TW", "en"]), Locale::ZhHant);
}

#[test]
fn who_reads_none_of_the_languages_gets_english() {
    assert_eq!(choose(None, &["fr-FR", "zho", ""]), Locale::En);
    assert_eq!(choose(None, &[]), Locale::En);
}

#[test]
fn a_choice_goes_before_what_the_browser_says() {
    for locale in Locale::ALL {
        assert_eq!(choose(Some(locale.language_tag()), &["en", "zh-TW"]), locale);
        assert_eq!(choose(Some(locale.language_tag()), &["zh-TW", "en"]), locale);
    }
    assert_eq!(choose(Some("xx"), &["zh-TW"]), Locale::ZhHant);
}

#[test]
fn a_language_has_its_own_forms() {
    assert_eq!(Locale::En.history_confirmations(2), "2 blocks deep");
    assert_eq!(Locale::ZhHant.history_confirmations(2), "2 次確認");
    assert_eq!(
        Locale::ZhHant.banner_stale(Locale::ZhHant.age_minutes(5), Locale::ZhHant.age_seconds(30)),
        "最新的區塊已經是 5 分鐘前的了，正常每 30 秒就該有一個。可能沒有人在挖礦，或這個節點斷了網路。"
    );
}
