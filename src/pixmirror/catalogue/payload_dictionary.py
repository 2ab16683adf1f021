"""The preset dictionary of payload codec 1: what answers have in common, commonest last. Never edit it."""

_USER = (
    '{"profile":{"address_id":0,"background_image_url":"https://i.pximg.net/c/1200x600_90_a2_g5/background/img/20",'
    '"birth":"","birth_day":"01-01","birth_year":0,"country_code":"JP","gender":"female","is_premium":false,'
    '"is_using_custom_profile_image":true,"job":"","job_id":0,"pawoo_url":"https://pawoo.net/oauth_authentications/'
    '?provider=pixiv","region":"","total_follow_users":0,"total_illust_bookmarks_public":0,"total_illust_series":0,'
    '"total_illusts":0,"total_manga":0,"total_mypixiv_users":0,"total_novel_series":0,"total_novels":0,'
    '"twitter_account":"","twitter_url":"https://twitter.com/","webpage":null},"profile_publicity":{"birth_day":'
    '"public","birth_year":"public","gender":"public","job":"public","pawoo":true,"region":"public"},"user":'
    '{"account":"","comment":"","id":0,"is_access_blocking_user":false,"is_followed":true,"name":""},"workspace":'
    '{"chair":"","comment":"","desk":"","desktop":"","monitor":"","mouse":"","music":"","pc":"","printer":"",'
    '"scanner":"","tablet":"","tool":"","workspace_image_url":null}}'
)
_NOVEL = (
    '{"caption":"","comment_access_control":0,"create_date":"2024-01-01T00:00:00+09:00","id":1,"image_urls":{'
    '"large":"https://i.pximg.net/c/480x960/novel-cover-master/img/2024/01/01/00/00/00/ci_master1200.jpg","medium":'
    '"https://i.pximg.net/c/176x352/novel-cover-master/img/2024/01/01/00/00/00/ci_master1200.jpg","square_medium":'
    '"https://i.pximg.net/c/128x128/novel-cover-master/img/2024/01/01/00/00/00/ci_square1200.jpg"},"is_bookmarked":'
    'false,"is_muted":false,"is_mypixiv_only":false,"is_original":true,"is_x_restricted":false,"language":"ja",'
    '"novel_ai_type":1,"page_count":1,"request":null,"restrict":0,"series":{},"tags":[{"added_by_uploaded_user":true,'
    '"name":"オリジナル","translated_name":"original"},{"added_by_uploaded_user":true,"name":"","translated_name":null}],'
    '"text_length":0,"title":"","total_bookmarks":0,"total_comments":0,"total_view":0,"user":{"account":"","id":1},'
    '"visible":true,"x_restrict":0}'
)
_PAGE = (
    '{"image_urls":{"large":"https://i.pximg.net/c/600x1200_90_webp/img-master/img/2023/01/01/00/00/00/'
    '_p1_master1200.jpg","medium":"https://i.pximg.net/c/540x540_70/img-master/img/2023/01/01/00/00/00/'
    '_p1_master1200.jpg","original":"https://i.pximg.net/img-original/img/2023/01/01/00/00/00/_p1.png",'
    '"square_medium":"https://i.pximg.net/c/360x360_70/img-master/img/2023/01/01/00/00/00/_p1_square1200.jpg"}},'
)
_ILLUST = (
    '{"caption":"<br /><a href=\\"https://twitter.com/\\" target=\\"_blank\\">","comment_access_control":0,'
    '"create_date":"2024-01-01T00:00:00+09:00","event_banners":null,"height":1200,"id":100000000,"illust_ai_type":1,'
    '"illust_book_style":0,"image_urls":{"large":"https://i.pximg.net/c/600x1200_90/img-master/img/2024/01/01/00/00/'
    '00/100000000_p0_master1200.jpg","medium":"https://i.pximg.net/c/540x540_70/img-master/img/2024/01/01/00/00/00/'
    '100000000_p0_master1200.jpg","square_medium":"https://i.pximg.net/c/360x360_70/img-master/img/2024/01/01/00/00/'
    '00/100000000_p0_square1200.jpg"},"is_bookmarked":false,"is_muted":false,"meta_pages":[],"meta_single_page":{'
    '"original_image_url":"https://i.pximg.net/img-original/img/2024/01/01/00/00/00/100000000_p0.jpg"},"page_count"'
    ":1,"
    '"request":null,"restrict":0,"restriction_attributes":[],"sanity_level":2,"seasonal_effect_animation_urls":null,'
    '"series":{"id":1,"title":""},"series":null,"tags":[{"name":"ブルーアーカイブ","translated_name":'
    '"Blue Archive"},'
    '{"name":"R-18","translated_name":null},{"name":"漫画","translated_name":"manga"},{"name":"女の子",'
    '"translated_name":"girl"},{"name":"オリジナル","translated_name":"original"},{"name":"users入り",'
    '"translated_name":"users bookmarks"},{"name":"","translated_name":null}],"title":"","tools":['
    '"CLIP STUDIO PAINT",'
    '"SAI"],"tools":[],"total_bookmarks":100,"total_comments":1,"total_view":1000,"type":"manga","type":"ugoira",'
    '"type":"illust","user":{"account":"user_","id":1000000,"is_accept_request":false,"is_followed":true,"name":'
    '"",'
    '"profile_image_urls":{"medium":"https://i.pximg.net/user-profile/img/2024/01/01/00/00/00/_170.jpg",'
    '"medium":"https://s.pximg.net/common/images/no_profile.png"}},"visible":true,"width":1600,"x_restrict":0}'
)

DICTIONARY_1 = (_USER + _NOVEL + '"meta_pages":[' + _PAGE + _ILLUST).encode()
