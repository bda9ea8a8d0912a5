//! stub
pub fn names_a_picture(p: &std::path::Path) -> bool {
    p.extension().is_some_and(|e| {
        ["jpg", "jpeg", "png", "heic", "raf", "tif", "tiff", "gif", "webp", "avif"]
            .contains(&e.to_string_lossy().to_lowercase().as_str())
    })
}
