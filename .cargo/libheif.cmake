# libheif-embedded reads HEIC with libde265. libheif would link every other codec that it finds
# on the machine as well, and with it whatever that codec links: Debian's x265 asks for libnuma,
# which its development package does not bring.
foreach(codec
    X265 kvazaar UVG266 vvdec vvenc X264 OpenH264 DAV1D AOM SvtEnc RAV1E JPEG OpenJPEG FFMPEG
    OPENJPH libsharpyuv ZLIB Brotli)
  set(CMAKE_DISABLE_FIND_PACKAGE_${codec} ON)
endforeach()
