//! A device in words, read from the `User-Agent` and kept as two keys: enough
//! to tell one's own phone from a stranger's computer, and nothing more.

use serde::{Deserialize, Serialize};

use crate::keys::keyed;
use crate::words;
use crate::words::Words;

keyed! {
    /// What a browser runs on.
    pub enum System {
        /// A phone or tablet with HarmonyOS.
        Harmony = "harmony",
        /// A phone or tablet with Android.
        Android = "android",
        /// An iPhone.
        Iphone = "iphone",
        /// An iPad.
        Ipad = "ipad",
        /// A computer with Windows.
        Windows = "windows",
        /// A Mac.
        Mac = "mac",
        /// A computer with Linux.
        Linux = "linux",
        /// What does not say.
        Other = "other",
    }
}

keyed! {
    /// A browser, or the app that a page was opened in.
    pub enum Browser {
        /// 微信.
        WeChat = "wechat",
        /// 企业微信.
        WeCom = "wecom",
        /// 钉钉.
        DingTalk = "dingtalk",
        /// QQ.
        Qq = "qq",
        /// UC.
        Uc = "uc",
        /// Edge.
        Edge = "edge",
        /// Firefox.
        Firefox = "firefox",
        /// Chrome.
        Chrome = "chrome",
        /// Safari.
        Safari = "safari",
        /// What does not say.
        Other = "other",
    }
}

/// The first that a text names, the particular before the general: an
/// in-app browser also says «Chrome», and that says «Safari».
const SYSTEMS: &[(&str, System)] = &[
    ("OpenHarmony", System::Harmony),
    ("HarmonyOS", System::Harmony),
    ("iPhone", System::Iphone),
    ("iPad", System::Ipad),
    ("Android", System::Android),
    ("Windows", System::Windows),
    ("Macintosh", System::Mac),
    ("Linux", System::Linux),
];
const BROWSERS: &[(&str, Browser)] = &[
    ("wxwork", Browser::WeCom),
    ("MicroMessenger", Browser::WeChat),
    ("DingTalk", Browser::DingTalk),
    ("QQBrowser", Browser::Qq),
    ("UCBrowser", Browser::Uc),
    ("Edg", Browser::Edge),
    ("Firefox", Browser::Firefox),
    ("FxiOS", Browser::Firefox),
    ("Chrome", Browser::Chrome),
    ("CriOS", Browser::Chrome),
    ("Safari", Browser::Safari),
];

/// What somebody is signed in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// The system.
    pub system: System,
    /// The browser.
    pub browser: Browser,
}

impl Device {
    /// Reads a `User-Agent`.
    pub fn of(user_agent: &str) -> Self {
        let system = SYSTEMS.iter().find(|(name, _)| user_agent.contains(name));
        let browser = BROWSERS.iter().find(|(name, _)| user_agent.contains(name));
        Self {
            system: system.map_or(System::Other, |(_, system)| *system),
            browser: browser.map_or(Browser::Other, |(_, browser)| *browser),
        }
    }

    /// For the screen.
    pub fn words(self) -> Words {
        let system = self.system.title();
        let browser = self.browser.title();
        match (self.system, self.browser) {
            (System::Other, Browser::Other) => Words::fixed("未知设备", "Unknown device"),
            (_, Browser::Other) => system,
            (System::Other, _) => browser,
            _ => {
                let (sz, se, bz, be) = (system.zh, system.en, browser.zh, browser.en);
                words!("{sz} · {bz}", "{be} on {se}")
            }
        }
    }
}

impl System {
    fn title(self) -> Words {
        match self {
            Self::Harmony => Words::fixed("鸿蒙设备", "a HarmonyOS device"),
            Self::Android => Words::fixed("安卓设备", "an Android device"),
            Self::Iphone => Words::fixed("iPhone", "an iPhone"),
            Self::Ipad => Words::fixed("iPad", "an iPad"),
            Self::Windows => Words::fixed("Windows 电脑", "a Windows computer"),
            Self::Mac => Words::fixed("Mac 电脑", "a Mac"),
            Self::Linux => Words::fixed("Linux 电脑", "a Linux computer"),
            Self::Other => Words::fixed("其他设备", "another device"),
        }
    }
}

impl Browser {
    fn title(self) -> Words {
        match self {
            Self::WeChat => Words::fixed("微信", "WeChat"),
            Self::WeCom => Words::fixed("企业微信", "WeCom"),
            Self::DingTalk => Words::fixed("钉钉", "DingTalk"),
            Self::Qq => Words::fixed("QQ 浏览器", "QQ Browser"),
            Self::Uc => Words::fixed("UC 浏览器", "UC Browser"),
            Self::Edge => Words::name("Edge"),
            Self::Firefox => Words::name("Firefox"),
            Self::Chrome => Words::name("Chrome"),
            Self::Safari => Words::name("Safari"),
            Self::Other => Words::fixed("其他浏览器", "Another browser"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_as_they_name_themselves() {
        for (text, words) in [
            (
                "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.49",
                "安卓设备 · 微信",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "iPhone · Safari",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
                "Windows 电脑 · Edge",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0",
                "Mac 电脑 · Firefox",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; HarmonyOS; NOH-AN00) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36 wxwork/4.1",
                "鸿蒙设备 · 企业微信",
            ),
            ("curl/8.5", "未知设备"),
            ("", "未知设备"),
        ] {
            assert_eq!(Device::of(text).words().zh, words, "{text}");
        }
    }
}
