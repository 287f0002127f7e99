//! `picture-resizer`: real work on real memory, 12 bytes for each pixel.

use serde_json::{Value, json};

use super::client::{Context, Failure};

pub(super) const EXAMPLE: &str = r#"{
  "width": 800,
  "height": 600,
  "thumbnail": 48
}"#;

/// From dark to light.
const SHADES: &[u8] = b" .:-=+*#%@";

struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

pub(super) fn handle(event: &Value, context: &Context) -> Result<Value, Failure> {
    let side = |name: &str, default: u64| {
        let value = event.get(name).map_or(Some(default), Value::as_u64);
        value
            .filter(|value| (16..=20_000).contains(value))
            .and_then(|value| usize::try_from(value).ok())
            .ok_or_else(|| {
                let text = format!("`{name}` must be a number of pixels from 16 to 20000");
                Failure::new("picture::handle", "InvalidSizeError", text)
            })
    };
    let (width, height) = (side("width", 800)?, side("height", 600)?);
    let most = context.variable("MAX_THUMBNAIL").parse().unwrap_or(72);
    let columns = side("thumbnail", 48)?.min(most).min(width);
    // A character is about twice as high as it is wide.
    let rows = (columns * height / width / 2).clamp(1, height);

    context.info(format_args!("Drawing {width} x {height}: {} MB", width * height * 12 / 1_048_576));
    let picture = draw(width, height);
    context.info(format_args!("Shrinking to {columns} x {rows}"));
    let small = shrink(&picture, columns, rows);
    let brightness =
        small.pixels.iter().map(|pixel| luminance(*pixel)).sum::<f32>() / len(small.pixels.len());
    Ok(json!({
        "picture": { "width": width, "height": height, "pixels": width * height },
        "thumbnail": { "width": columns, "height": rows, "brightness": (brightness * 1000.0).round() / 1000.0 },
        "preview": preview(&small),
    }))
}

/// Rings around two points, as of two stones in a pond.
fn draw(width: usize, height: usize) -> Picture {
    let scale = len(width.max(height));
    let ring = |x: f32, y: f32, at: (f32, f32)| ((x - at.0).hypot(y - at.1) * 40.0).cos() * 0.5 + 0.5;
    let mut pixels = Vec::with_capacity(width * height);
    for row in 0..height {
        let y = len(row) / scale;
        for column in 0..width {
            let x = len(column) / scale;
            let (left, right) = (ring(x, y, (0.3, 0.35)), ring(x, y, (0.7, 0.4)));
            pixels.push([left, left * right, right]);
        }
    }
    Picture { width, height, pixels }
}

/// Each new pixel is the mean of the old ones that it covers.
fn shrink(picture: &Picture, width: usize, height: usize) -> Picture {
    let mut pixels = Vec::with_capacity(width * height);
    for row in 0..height {
        let (top, bottom) = (row * picture.height / height, (row + 1) * picture.height / height);
        for column in 0..width {
            let (left, right) = (column * picture.width / width, (column + 1) * picture.width / width);
            let mut sum = [0.0; 3];
            for line in top..bottom {
                for pixel in &picture.pixels[line * picture.width + left..line * picture.width + right] {
                    for (sum, value) in sum.iter_mut().zip(pixel) {
                        *sum += value;
                    }
                }
            }
            let count = len((bottom - top) * (right - left));
            pixels.push(sum.map(|sum| sum / count));
        }
    }
    Picture { width, height, pixels }
}

fn luminance([red, green, blue]: [f32; 3]) -> f32 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn preview(picture: &Picture) -> Vec<String> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 1")]
    let shade = |pixel: &[f32; 3]| {
        let at = (luminance(*pixel) * len(SHADES.len())) as usize;
        char::from(SHADES[at.min(SHADES.len() - 1)])
    };
    picture
        .pixels
        .chunks(picture.width)
        .take(picture.height)
        .map(|row| row.iter().map(shade).collect())
        .collect()
}

#[allow(clippy::cast_precision_loss, reason = "sizes of pictures, for which the precision does")]
fn len(value: usize) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_shrunk_to_the_size_asked_for() {
        let answer =
            handle(&json!({ "width": 160, "height": 80, "thumbnail": 40 }), &Context::for_tests(&[]))
                .unwrap();
        let preview = answer["preview"].as_array().unwrap();
        assert_eq!(preview.len(), 10);
        assert!(preview.iter().all(|row| row.as_str().unwrap().len() == 40));
        assert!(handle(&json!({ "width": 3 }), &Context::for_tests(&[])).is_err());
    }
}
