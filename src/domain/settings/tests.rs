use rstest::rstest;

use super::*;

#[test]
fn the_table_is_whole_and_in_order() {
    let mut sorted = Setting::ALL;
    sorted.sort();
    assert_eq!(sorted, Setting::ALL);
    for setting in Setting::ALL {
        assert!(!setting.label().is_empty() && !setting.rule().is_empty());
        if let Kind::Choice(choices) = setting.kind() {
            for choice in choices {
                assert_eq!(setting.check(choice), Ok(()), "{setting:?}");
            }
        }
    }
}

#[rstest]
#[case(Setting::Memory, &["128", "129", "10239", "10240", " 512 "], &["127", "10241", "", "1.5", "x", "-1", "512 MB"])]
#[case(Setting::Timeout, &["1", "2", "899", "900"], &["0", "901"])]
#[case(Setting::EphemeralStorage, &["512", "513", "10239", "10240"], &["511", "10241"])]
#[case(Setting::Role, &["arn:aws:iam::123456789012:role/x"], &["", "x", "arn:aws:s3:::b"])]
#[case(Setting::KmsKey, &["", "arn:aws:kms:eu-west-1:1:key/x"], &["alias/x"])]
#[case(Setting::DeadLetter, &["", "arn:aws:sqs:r:1:q", "arn:aws-cn:sns:r:1:t"], &["arn:aws:s3:::b", "q"])]
#[case(Setting::Tracing, &["Active"], &["active", ""])]
#[case(Setting::ApplicationLogLevel, &["", "FATAL"], &["LOUD"])]
#[case(Setting::LogGroup, &["", "/my/group#1"], &["a b", "é"])]
#[case(Setting::FileSystems, &["", "arn:aws:elasticfilesystem:r:1:access-point/f /mnt/a"], &["x /mnt/a", "arn:aws:e:r:1:a /data"])]
fn rules(#[case] setting: Setting, #[case] good: &[&str], #[case] bad: &[&str]) {
    for text in good {
        assert_eq!(setting.check(text), Ok(()), "{setting:?} {text:?}");
    }
    for text in bad {
        assert!(setting.check(text).is_err(), "{setting:?} {text:?}");
    }
}

/// A rule about a number of things: kept up to its border, broken one beyond.
#[rstest]
#[case(Setting::Layers, |n| vec!["arn:aws:lambda:r:1:layer:l:1"; n].join("\n"), 5)]
#[case(Setting::Subnets, |n| vec!["subnet-1"; n].join("\n"), 16)]
#[case(Setting::SecurityGroups, |n| vec!["sg-1"; n].join("\n"), 5)]
#[case(Setting::FileSystems, |n| vec!["arn:aws:elasticfilesystem:r:1:access-point/f /mnt/a"; n].join("\n"), 1)]
#[case(Setting::FileSystems, |n| format!("arn:aws:elasticfilesystem:r:1:access-point/f /mnt/{}", "x".repeat(n - 5)), 160)]
#[case(Setting::Description, |n| "é".repeat(n), 256)]
#[case(Setting::Handler, |n| "x".repeat(n), 128)]
#[case(Setting::ImageWorkingDirectory, |n| "x".repeat(n), 1000)]
#[case(Setting::LogGroup, |n| "x".repeat(n), 512)]
fn counts_at_their_limits(#[case] setting: Setting, #[case] text: fn(usize) -> String, #[case] most: usize) {
    for within in [most.saturating_sub(1), most] {
        if setting != Setting::FileSystems || within > 0 {
            assert_eq!(setting.check(&text(within)), Ok(()), "{setting:?} {within}");
        }
    }
    assert!(setting.check(&text(most + 1)).is_err(), "{setting:?}");
}

#[rstest]
#[case("/mnt/a-b_c.d", true)]
#[case("/mnt/", false)]
#[case("/mnt/a/b", false)]
#[case("/mnt/ä", false)]
#[case("/data/a", false)]
fn file_systems_are_mounted_right_below_mnt(#[case] path: &str, #[case] fine: bool) {
    let text = format!("arn:aws:elasticfilesystem:r:1:access-point/f {path}");
    assert_eq!(Setting::FileSystems.check(&text).is_ok(), fine);
}

#[test]
fn the_same_number_is_no_change() {
    let before = Settings::of(&Function { memory_mb: Some(512), ..Function::default() });
    let mut after = before.clone();
    after.set(Setting::Memory, " 0512 ");
    assert_eq!(after.changed(&before), []);
}

#[test]
fn no_error_repeats_what_was_typed() {
    for setting in Setting::ALL {
        for text in ["hunter22 x\nhunter22", "hunter22"] {
            if let Err(problem) = setting.check(text) {
                assert!(!problem.contains("hunter"), "{setting:?}: {problem}");
            }
        }
    }
}

#[test]
fn settings_that_must_fit_each_other() {
    let function = Function { role: Some("arn:aws:iam::1:role/r".into()), ..Function::default() };
    let before = Settings::of(&function);
    let mut after = before.clone();
    assert_eq!(after.check(&before), Ok(()));
    after.set(Setting::SystemLogLevel, "WARN");
    assert_eq!(after.check(&before).unwrap_err().0, Setting::SystemLogLevel);
    after.set(Setting::LogFormat, "JSON");
    assert_eq!(after.check(&before), Ok(()));
    after.set(Setting::Subnets, "subnet-1\n\n");
    assert_eq!(after.check(&before).unwrap_err().0, Setting::SecurityGroups);
    after.set(Setting::SecurityGroups, "sg-1");
    assert_eq!(after.check(&before), Ok(()));
    assert_eq!(after.get(Setting::Subnets), Some("subnet-1"));
}

#[test]
fn an_image_has_other_settings_than_a_zip() {
    let zip = Settings::of(&Function::default());
    assert_eq!(zip.get(Setting::ImageCommand), None);
    assert_eq!(zip.get(Setting::Handler), Some(""));
    let image = Settings::of(&Function { package_type: Some("Image".into()), ..Function::default() });
    assert_eq!(image.get(Setting::Handler), None);
    assert_eq!(image.get(Setting::ImageCommand), Some(""));
}
