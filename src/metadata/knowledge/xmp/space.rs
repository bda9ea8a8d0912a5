//! Namespaces of the properties that are read and written.

pub(in crate::metadata) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
pub(in crate::metadata) const XMPMETA: &str = "adobe:ns:meta/";
pub(in crate::metadata) const XMP: &str = "http://ns.adobe.com/xap/1.0/";
pub(in crate::metadata) const DC: &str = "http://purl.org/dc/elements/1.1/";
pub(in crate::metadata) const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
pub(in crate::metadata) const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
pub(in crate::metadata) const LIGHTROOM: &str = "http://ns.adobe.com/lightroom/1.0/";
pub(in crate::metadata) const DIGIKAM: &str = "http://www.digikam.org/ns/1.0/";
pub(in crate::metadata) const MICROSOFT: &str = "http://ns.microsoft.com/photo/1.0/";
/// Catalogue sets of iView MediaPro, which digiKam and exiftool know as albums.
pub(in crate::metadata) const CATALOG: &str = "http://ns.iview-multimedia.com/mediapro/1.0/";
/// People in the picture (IPTC photo metadata standard).
pub(in crate::metadata) const IPTC_EXT: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
/// Regions (MWG guidelines 2.0), their areas, and the dimensions that these are relative to.
pub(in crate::metadata) const REGIONS: &str =
    "http://www.metadataworkinggroup.com/schemas/regions/";
pub(in crate::metadata) const AREA: &str = "http://ns.adobe.com/xmp/sType/Area#";
pub(in crate::metadata) const DIMENSIONS: &str = "http://ns.adobe.com/xap/1.0/sType/Dimensions#";
/// Regions as Windows writes them.
pub(in crate::metadata) const MS_REGION_INFO: &str = "http://ns.microsoft.com/photo/1.2/";
pub(in crate::metadata) const MS_REGION_LIST: &str =
    "http://ns.microsoft.com/photo/1.2/t/RegionInfo#";
pub(in crate::metadata) const MS_REGION: &str = "http://ns.microsoft.com/photo/1.2/t/Region#";
