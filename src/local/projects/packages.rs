//! What code needs before it can run: packages to install, programs to build.

use std::path::Path;

/// What is missing beside the code in a folder, and what to run. `built` says that the template has the code built.
pub(super) fn missing(root: &Path, runtime: &str, built: bool) -> Vec<String> {
    let there = |name: &str| root.join(name).exists();
    if built && !there("bootstrap") {
        return vec![BUILD.to_owned()];
    }
    let family = crate::domain::runtimes::family(runtime);
    match family {
        "python" if there("requirements.txt") && !has_distribution(root) && names_any(root) => {
            vec![format!(
                "its requirements.txt is not installed beside the code: run `pip install -r requirements.txt -t {}`, or `sam build` and pass .aws-sam/build/template.yaml",
                root.display()
            )]
        }
        "nodejs" if there("package.json") && !there("node_modules") && depends(root) => {
            vec![format!(
                "the packages of its package.json are not installed: run `npm install` in {}, or `sam build` and pass .aws-sam/build/template.yaml",
                root.display()
            )]
        }
        "provided" if !there("bootstrap") => vec![BUILD.to_owned()],
        "go" | "java" | "dotnet" | "dotnetcore" | "ruby" => vec![format!(
            "the local engine has no client for {runtime}: it runs python3.*, nodejs* and provided.*; an invocation will say so"
        )],
        _ => Vec::new(),
    }
}

const BUILD: &str = "the code must be built first, there is no program `bootstrap`: run `sam build` and pass .aws-sam/build/template.yaml";

/// Whether pip has put anything there: each package leaves its `.dist-info`.
fn has_distribution(root: &Path) -> bool {
    std::fs::read_dir(root).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".dist-info"))
    })
}

/// Whether requirements.txt names any package that AWS does not bring itself.
fn names_any(root: &Path) -> bool {
    let text = std::fs::read_to_string(root.join("requirements.txt")).unwrap_or_default();
    text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Whether package.json has dependencies.
fn depends(root: &Path) -> bool {
    let text = std::fs::read_to_string(root.join("package.json")).unwrap_or_default();
    let package = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
    package["dependencies"].as_object().is_some_and(|it| !it.is_empty())
}
