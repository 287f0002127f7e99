//! A folder with a handler in it, without a template.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;
use serde_json::{Map, json};

use super::{
    ProjectError, packages,
    plan::{FunctionPlan, Plan, Source},
};
use crate::domain::name::MAX_FUNCTION_NAME;

/// Seconds that an event may take: AWS's own default of 3 is over before a newcomer's first download is.
const TIMEOUT_S: u32 = 30;
/// Memory in MB: AWS's own default of 128 is too little for many a library.
const MEMORY_MB: u32 = 512;

/// Templates that a folder may hold; the first that is there counts.
const TEMPLATES: [&str; 3] = ["template.yaml", "template.yml", "template.json"];

/// Files with a handler, by language.
const HANDLERS: [(&str, Language); 6] = [
    ("app.py", Language::Python),
    ("lambda_function.py", Language::Python),
    ("index.mjs", Language::Node),
    ("index.js", Language::Node),
    ("index.cjs", Language::Node),
    ("bootstrap", Language::Provided),
];

/// What runs a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    Node,
    Provided,
}

/// The version of an interpreter on this machine, by its family (`python`, `nodejs`), where there is one.
pub(in crate::local) type Interpreters = std::collections::BTreeMap<&'static str, String>;

// Written out above and tried by the tests: it compiles.
#[allow(clippy::expect_used, reason = "a constant pattern, covered by tests")]
static PYTHON_HANDLER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^(?:async\s+)?def\s+(lambda_handler|handler)\s*\(|^(lambda_handler|handler)\s*[:=]|^from\s+\S+\s+import\s[^#\n]*\b(lambda_handler|handler)\b",
    )
    .expect("a constant pattern")
});

/// The template in a folder.
pub(super) fn template(folder: &Path) -> Option<PathBuf> {
    TEMPLATES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// Reads a folder.
///
/// # Errors
/// When there is no handler in it, or more than one.
pub(super) fn read(
    folder: &Path,
    interpreters: &Interpreters,
    without: &[PathBuf],
) -> Result<Plan, ProjectError> {
    let error = |text: String| ProjectError { path: folder.to_owned(), line: None, column: None, text };
    let found: Vec<_> = HANDLERS.iter().filter(|(name, _)| folder.join(name).is_file()).collect();
    let (file, language) = match found.as_slice() {
        [(file, language)] => (*file, *language),
        [] => {
            let names: Vec<_> =
                TEMPLATES.iter().chain(HANDLERS.iter().map(|(name, _)| name)).copied().collect();
            return Err(error(format!("there is no function in it (looked for: {})", names.join(", "))));
        }
        several => {
            let names: Vec<_> = several.iter().map(|(name, _)| *name).collect();
            return Err(error(format!(
                "there are several handlers in it ({}): put each into a folder of its own, or name them in a \
                 template.yaml",
                names.join(", ")
            )));
        }
    };
    let (runtime, handler) = match language {
        Language::Python => {
            let path = folder.join(file);
            let text = std::fs::read(&path).map_err(|failed| ProjectError {
                path: path.clone(),
                ..error(format!("it can't be read: {failed}"))
            })?;
            let Some(name) = python_handler(&String::from_utf8_lossy(&text)) else {
                let why = "it defines neither lambda_handler nor handler: add `def lambda_handler(event, context):`";
                return Err(ProjectError { path, ..error(why.to_owned()) });
            };
            (runtime("python", interpreters), format!("{}.{name}", file.trim_end_matches(".py")))
        }
        Language::Node => (runtime("nodejs", interpreters), "index.handler".to_owned()),
        Language::Provided => {
            let path = folder.join(file);
            if !std::fs::metadata(&path).is_ok_and(|it| it.permissions().mode() & 0o111 != 0) {
                let why = format!("it is not executable: run `chmod +x {}`", path.display());
                return Err(ProjectError { path, ..error(why) });
            }
            ("provided.al2023".to_owned(), "bootstrap".to_owned())
        }
    };
    let name = function_name(folder);
    let mut plan = Plan::default();
    for text in packages::missing(folder, &runtime, false) {
        plan.warn(folder, None, text);
    }
    let mut settings = Map::new();
    settings.insert("Handler".to_owned(), json!(handler));
    settings.insert("Runtime".to_owned(), json!(runtime));
    settings.insert("Timeout".to_owned(), json!(TIMEOUT_S));
    settings.insert("MemorySize".to_owned(), json!(MEMORY_MB));
    plan.functions.push(FunctionPlan {
        name,
        line: None,
        settings,
        code: Source::Folder { root: folder.to_owned(), without: without.to_owned() },
        architecture: if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }.to_owned(),
        layers: Vec::new(),
        tags: std::collections::BTreeMap::new(),
        reserved: None,
        alias: None,
        provisioned: None,
    });
    Ok(plan)
}

/// The handler that a Python file has at its top level; `lambda_handler` where it has both.
fn python_handler(text: &str) -> Option<&'static str> {
    let mut found = None;
    for captures in PYTHON_HANDLER.captures_iter(text) {
        if captures[0].contains("lambda_handler") {
            return Some("lambda_handler");
        }
        found = Some("handler");
    }
    found
}

/// The folder's name as a function's.
fn function_name(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let valid: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .take(MAX_FUNCTION_NAME)
        .collect();
    let valid = valid.trim_matches('-');
    if valid.is_empty() { "function".to_owned() } else { valid.to_owned() }
}

/// The supported runtime of a family that is nearest to this machine's interpreter; the newest where there is none.
fn runtime(family: &str, interpreters: &Interpreters) -> String {
    let today = jiff::Zoned::now().date();
    let number = |version: &str| -> Option<i64> {
        // 3.11 is 3011 and 22 is 22000: only the distance counts.
        let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
        Some(major.parse::<i64>().ok()? * 1000 + minor.parse::<i64>().unwrap_or_default())
    };
    let wanted = interpreters.get(family).and_then(|version| number(version));
    crate::domain::runtimes::all(today)
        .into_iter()
        .filter(|(name, status)| crate::domain::runtimes::family(name) == family && !status.is_deprecated())
        .filter_map(|(name, _)| Some((name, number(name.strip_prefix(family)?.trim_end_matches(".x"))?)))
        // The newest come first, and of two that are as near the first is taken.
        .min_by_key(|(_, version)| wanted.map_or(0, |wanted| (wanted - version).abs()))
        .map_or_else(|| family.to_owned(), |(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Interpreters, function_name, python_handler, read, runtime, template};

    #[rstest]
    #[case("def lambda_handler(event, context):\n  pass", Some("lambda_handler"))]
    #[case("import x\nasync def handler(event, context): ...", Some("handler"))]
    #[case("def handler(e, c): ...\ndef lambda_handler(e, c): ...", Some("lambda_handler"))]
    #[case("handler = Mangum(app)", Some("handler"))]
    #[case("lambda_handler: Handler = make()", Some("lambda_handler"))]
    #[case("from shop.api import handler, other", Some("handler"))]
    #[case("class A:\n  def handler(self): ...", None)]
    #[case("# def handler(event, context):", None)]
    #[case("def handlers(event, context): ...", None)]
    #[case("from x import y # handler", None)]
    fn a_python_file_names_its_handler(#[case] text: &str, #[case] handler: Option<&str>) {
        assert_eq!(python_handler(text), handler);
    }

    #[rstest]
    #[case("python", "3.11", "python3.11")]
    #[case("python", "3.7", "python3.11")]
    #[case("python", "3.99", "python3.14")]
    #[case("nodejs", "22", "nodejs22.x")]
    #[case("nodejs", "23", "nodejs24.x")]
    #[case("nodejs", "18", "nodejs22.x")]
    fn the_nearest_supported_runtime_is_taken(
        #[case] family: &'static str,
        #[case] here: &str,
        #[case] runs: &str,
    ) {
        let given = Interpreters::from([(family, here.to_owned())]);
        // What is supported depends on the day; each of these is until 2027 at least.
        assert_eq!(runtime(family, &given), runs);
    }

    #[test]
    fn a_folder_has_one_handler() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("my shop, v2!");
        std::fs::create_dir(&folder).unwrap();
        let why = |folder: &_| read(folder, &Interpreters::new(), &[]).err().unwrap();
        let none = why(&folder);
        assert!(none.text.contains("template.yaml") && none.text.contains("lambda_function.py"), "{none}");
        std::fs::write(folder.join("app.py"), "x = 1").unwrap();
        let nameless = why(&folder);
        assert!(
            nameless.path.ends_with("app.py") && nameless.text.contains("def lambda_handler"),
            "{nameless}"
        );
        std::fs::write(folder.join("app.py"), "def handler(e, c): return 1").unwrap();
        let plan = read(&folder, &Interpreters::new(), &[]).ok().unwrap();
        let function = &plan.functions[0];
        assert_eq!(
            (function.name.as_str(), &function.settings["Handler"]),
            ("my-shop--v2", &"app.handler".into())
        );
        assert!(plan.warnings.is_empty());
        std::fs::write(folder.join("requirements.txt"), "# none\nrequests\n").unwrap();
        let plan = read(&folder, &Interpreters::new(), &[]).ok().unwrap();
        assert!(plan.warnings[0].text.contains("pip install -r requirements.txt -t"), "{:?}", plan.warnings);
        std::fs::write(folder.join("index.mjs"), "").unwrap();
        assert!(why(&folder).text.contains("(app.py, index.mjs)"));
        assert_eq!(template(&folder), None);
        std::fs::write(folder.join("template.yml"), "").unwrap();
        assert!(template(&folder).unwrap().ends_with("template.yml"));
    }

    #[test]
    fn a_bootstrap_must_be_executable() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("bootstrap");
        std::fs::write(&path, "#!/bin/sh").unwrap();
        let refused = read(root.path(), &Interpreters::new(), &[]).err().unwrap();
        assert!(refused.text.contains("chmod +x"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let plan = read(root.path(), &Interpreters::new(), &[]).ok().unwrap();
        assert_eq!(plan.functions[0].settings["Runtime"], "provided.al2023");
    }

    #[test]
    fn a_name_is_made_valid() {
        let name = |text: &str| function_name(std::path::Path::new(text));
        assert_eq!(name("/no/such/größe"), "gr--e");
        assert_eq!(name("/no/such/..."), "function");
        assert_eq!(name(&format!("/no/{}", "a".repeat(70))).len(), 64);
    }
}
